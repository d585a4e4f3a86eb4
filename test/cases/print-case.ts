/** Writes `review.txt`: the command line, its output, and the exit code. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../../src/cli/program.ts';
import { createTerminal } from '../harness/terminal.ts';
import { CASES, flagsOf, INPUT } from './read-case.ts';

export async function reviewText(name: string): Promise<string> {
	const file = join(CASES, name, INPUT);
	const flags = flagsOf(readFileSync(file, 'utf8'));
	const terminal = createTerminal();
	const code = await run(['review', ...flags, file], terminal);
	const printed = terminal.printed().replaceAll(file, INPUT);
	return `$ thv-scaling ${['review', ...flags, INPUT].join(' ')}\n${printed}(exit code ${code})\n`;
}
