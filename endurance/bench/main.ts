/**
 * `make bench`: measures, prints tables, and writes endurance/bench/results/PART.json and the pages that show it. `node
 * endurance/bench/main.ts [--short] [PART …]`: --short or SHORT=1 runs a trial that records nothing.
 */
import { clusterContext, textOf } from './account.ts';
import { OWN_PARTS, PARTS } from './accounts.ts';
import { ProgramMissing } from './h2load.ts';
import { publish } from './page.ts';
import { refuse } from './variables.ts';

const args = process.argv.slice(2);
const isShort = args.includes('--short') || Boolean(process.env['SHORT']);
const names = args.filter((arg) => arg !== '--short');
const unknown = names.find((name) => !PARTS.some((part) => part.name === name));
if (unknown !== undefined) refuse(`bench: no part ${unknown}; there are ${PARTS.map(({ name }) => name).join(', ')}`);

const chosen = names.length === 0 ? OWN_PARTS : PARTS.filter(({ name }) => names.includes(name));
try {
	// A missing program is reported before any measurement.
	for (const part of chosen) part.versions?.();
	for (const part of chosen) {
		const options = isShort ? part.shortOptions : part.options;
		const context = clusterContext();
		const versions = { ...context.versions, ...part.versions?.() };
		const startedMs = performance.now();
		const recorded = { ...context, versions, options, results: await part.measure(options) };
		const seconds = Math.round((performance.now() - startedMs) / 1000);
		process.stdout.write(`${textOf(part, recorded)}\n\n${part.name}: ${seconds} s\n\n`);
		if (!isShort) await publish(part, recorded);
	}
} catch (error) {
	if (!(error instanceof ProgramMissing)) throw error;
	process.stderr.write(`bench: ${error.message}\n`);
	process.exitCode = 1;
}
