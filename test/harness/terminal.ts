/** Captures terminal output as text, for commands that run in the process of the test. */
import { Readable, Writable } from 'node:stream';
import type { Terminal } from '../../src/cli/report.ts';

export function createTerminal(
	stdin: string | Uint8Array = '',
	env: Readonly<Record<string, string>> = {},
	isTTY = false,
) {
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
	const terminal: Terminal = {
		...{ env, stdin: Readable.from([Buffer.from(stdin)]), stdout: Object.assign(stdout, { isTTY }) },
		stderr: { isTTY, write: (text) => void all.push(['err', text]) },
	};
	return {
		...terminal,
		/** Returns the output on stdout and stderr, in order. */
		printed: () => textOf(),
		stdoutText: () => textOf('out'),
		stderrText: () => textOf('err'),
	};
}
