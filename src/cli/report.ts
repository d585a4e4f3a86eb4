/** What a command prints: the report on stdout, everything else on stderr, and progress where a person waits. */
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { printable } from '../api/printable.ts';

/** The ends of a process that a command talks to. */
export interface Terminal {
	readonly env: Readonly<Record<string, string | undefined>>;
	readonly stdin: AsyncIterable<Uint8Array>;
	readonly stdout: Writable & { readonly isTTY?: boolean };
	readonly stderr: { readonly write: (text: string) => unknown; readonly isTTY?: boolean };
}

export interface Report {
	/** Writes to stdout at the speed of its reader. After the reader has gone it does nothing. */
	readonly print: (text: string) => Promise<void>;
	/** One line on stderr. */
	readonly tell: (line: string) => void;
	/** How far it is; from the second second on a terminal shows it. */
	readonly progress: (text: string) => void;
	/** Why the report could not be written. A reader that has seen enough (`| head`) is no failure. */
	readonly failure: () => Error | undefined;
}

const PATIENCE_MS = 1000;
const REFRESH_MS = 100;

export function createReport({ stdout, stderr }: Terminal): Report {
	let failure: Error | undefined;
	let isClosed = false;
	stdout.on('error', (error: NodeJS.ErrnoException) => {
		isClosed = true;
		if (error.code !== 'EPIPE') failure ??= error;
	});

	let shownMs = performance.now() + PATIENCE_MS - REFRESH_MS;
	let isShown = false;
	const clear = (): void => {
		if (isShown) stderr.write('\r\u001b[K');
		isShown = false;
	};
	return {
		print: async (text) => {
			if (text === '' || isClosed) return;
			if (stdout.isTTY) clear();
			if (!stdout.write(text) && !isClosed)
				await Promise.race([once(stdout, 'drain'), once(stdout, 'close')]).catch(() => undefined);
		},
		tell: (line) => {
			clear();
			stderr.write(`thv-scaling: ${printable(line)}\n`);
		},
		progress: (text) => {
			if (!stderr.isTTY || performance.now() - shownMs < REFRESH_MS) return;
			shownMs = performance.now();
			isShown = true;
			stderr.write(`\r\u001b[K${text}`);
		},
		failure: () => failure,
	};
}
