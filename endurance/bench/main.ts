/**
 * `make bench`: measures, prints tables, and writes endurance/bench/results/PART.json and the pages that show it. `node
 * endurance/bench/main.ts [--short] [PART …]`: --short or SHORT=1 runs a trial that records nothing.
 */
import { runPart } from './account.ts';
import { OWN_PARTS, PARTS } from './accounts.ts';
import { ProgramMissing } from './h2load.ts';
import { writePages } from './page.ts';
import { refuse } from './variables.ts';

const args = process.argv.slice(2);
const isShort = args.includes('--short') || Boolean(process.env['SHORT']);
const names = args.filter((arg) => arg !== '--short');
const unknown = names.find((name) => !PARTS.some((part) => part.name === name));
if (unknown !== undefined) refuse(`bench: no part ${unknown}; there are ${PARTS.map(({ name }) => name).join(', ')}`);

const chosen = names.length === 0 ? OWN_PARTS : PARTS.filter(({ name }) => names.includes(name));
try {
	for (const part of chosen) part.versions?.();
	for (const part of chosen) await runPart(part, isShort);
	if (!isShort) writePages();
} catch (error) {
	if (!(error instanceof ProgramMissing)) throw error;
	process.stderr.write(`bench: ${error.message}\n`);
	process.exitCode = 1;
}
