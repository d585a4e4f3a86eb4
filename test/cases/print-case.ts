/** `review.txt`: what the command line prints of a case, as a person would see it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startProgram } from '../commands/program.ts';
import { CASES, flagsOf, INPUT } from './read-case.ts';

export async function reviewText(name: string): Promise<string> {
	const args = ['review', ...flagsOf(readFileSync(join(CASES, name, INPUT), 'utf8')), INPUT];
	const { code, stdout, stderr } = await startProgram(args, {}, { cwd: join(CASES, name) }).ended;
	return `$ thv-scaling ${args.join(' ')}\n${stdout}${stderr}(exit code ${code})\n`;
}
