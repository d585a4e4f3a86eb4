/** A terminal whose screen is a text: for commands called without a process of their own. */
import { Readable, Writable } from 'node:stream';
import type { Terminal } from '../../src/cli/report.ts';

export interface TestTerminal extends Terminal {
	/** Everything on stdout and stderr, in the order in which it came. */
	readonly printed: () => string;
	readonly stdoutText: () => string;
	readonly stderrText: () => string;
}

export function createTerminal(
	stdin: string | Uint8Array = '',
	env: Readonly<Record<string, string>> = {},
	isTTY = false,
): TestTerminal {
	const all: string[] = [];
	const out: string[] = [];
	const err: string[] = [];
	const stdout = new Writable({
		decodeStrings: false,
		write: (chunk, _encoding, done) => {
			all.push(String(chunk));
			out.push(String(chunk));
			done();
		},
	});
	return {
		env,
		stdin: Readable.from([Buffer.from(stdin)]),
		stdout: Object.assign(stdout, { isTTY }),
		stderr: {
			isTTY,
			write: (text) => {
				all.push(text);
				err.push(text);
			},
		},
		printed: () => all.join(''),
		stdoutText: () => out.join(''),
		stderrText: () => err.join(''),
	};
}
