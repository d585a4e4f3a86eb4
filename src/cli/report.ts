/** The output of a command: the report on stdout, messages on stderr, and progress on a terminal. */
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { printable } from '../api/printable.ts';
import type { Environment } from './options.ts';

/** The parts of its process that a command uses. */
export interface Terminal {
	readonly env: Environment;
	readonly stdin: AsyncIterable<Uint8Array>;
	readonly stdout: Writable & { readonly isTTY?: boolean };
	readonly stderr: { readonly write: (text: string) => unknown; readonly isTTY?: boolean };
}

export interface Report {
	/** Writes to stdout as fast as the reader accepts it. Does nothing once the reader has closed stdout. */
	readonly print: (text: string) => Promise<void>;
	/** Writes one line to stderr. */
	readonly warn: (line: string) => void;
	/** Shows progress on a terminal once the command has run for a second. */
	readonly progress: (text: string) => void;
	/**
	 * Resolves with the exit code: `code`, or 2 if stdout could not be written. A reader that closed stdout early (`|
	 * head`) is not a failure.
	 */
	readonly finish: (code: number) => Promise<number>;
}

const EXIT_UNWRITABLE = 2;
const PROGRESS_AFTER_MS = 1000;
const REFRESH_MS = 100;

export function createReport({ stdout, stderr }: Terminal): Report {
	let failure: Error | undefined;
	let isClosed = false;
	stdout.on('error', (error: NodeJS.ErrnoException) => {
		isClosed = true;
		if (error.code !== 'EPIPE') failure ??= error;
	});

	let shownMs = performance.now() + PROGRESS_AFTER_MS - REFRESH_MS;
	let isShown = false;
	const clear = (): void => {
		if (isShown) stderr.write('\r\u001b[K');
		isShown = false;
	};
	const warn = (line: string): void => {
		clear();
		stderr.write(`thv-scaling: ${printable(line)}\n`);
	};
	return {
		print: async (text) => {
			if (text === '' || isClosed) return;
			if (stdout.isTTY) clear();
			if (!stdout.write(text) && !isClosed)
				await Promise.race([once(stdout, 'drain'), once(stdout, 'close')]).catch(() => undefined);
		},
		warn,
		progress: (text) => {
			if (!stderr.isTTY || performance.now() - shownMs < REFRESH_MS) return;
			shownMs = performance.now();
			isShown = true;
			stderr.write(`\r\u001b[K${text}`);
		},
		finish: async (code) => {
			// A stream emits its error some event-loop turns after the write that failed.
			await new Promise((resolve) => stdout.write('', () => setImmediate(resolve)));
			if (failure === undefined) return code;
			warn(`stdout cannot be written: ${failure.message}`);
			return EXIT_UNWRITABLE;
		},
	};
}
