/** Captures terminal output as text, for commands that run in the process of the test. */
import { Readable, Writable } from 'node:stream';
import type { Terminal } from '../../src/cli/report.ts';

export interface TestTerminal extends Terminal {
	/** Returns the output on stdout and stderr, in order. */
	readonly printed: () => string;
	readonly stdoutText: () => string;
	readonly stderrText: () => string;
}

export function createTerminal(
	stdin: string | Uint8Array = '',
	env: Readonly<Record<string, string>> = {},
	isTTY = false,
): TestTerminal {
	const all: [stream: 'out' | 'err', text: string][] = [];
	const textOf = (stream?: 'out' | 'err'): string =>
		all.map(([from, text]) => (stream === undefined || from === stream ? text : '')).join('');
	const stdout = new Writable({
		decodeStrings: false,
		write: (chunk, _encoding, done) => {
			all.push(['out', String(chunk)]);
			done();
		},
	});
	return {
		...{ env, stdin: Readable.from([Buffer.from(stdin)]), stdout: Object.assign(stdout, { isTTY }) },
		stderr: { isTTY, write: (text) => void all.push(['err', text]) },
		printed: () => textOf(),
		stdoutText: () => textOf('out'),
		stderrText: () => textOf('err'),
	};
}
