/**
 * `make bench`: measures, prints tables, writes bench/results/PART.json, docs/plots and the pages that tell of it.
 * `node bench/main.ts [--short] [PART …]`; without a part all but the peers. --short, or SHORT=1, ends in seconds and keeps nothing.
 */
import { writePages } from './page.ts';
import { runPart } from './part.ts';
import { OWN_PARTS, PARTS } from './parts.ts';
import { PeerMissing } from './peers/built.ts';

const args = process.argv.slice(2);
const isShort = args.includes('--short') || Boolean(process.env['SHORT']);
const names = args.filter((arg) => arg !== '--short');
const unknown = names.find((name) => !PARTS.some((part) => part.name === name));

if (unknown !== undefined) {
	process.stderr.write(`bench: no part ${unknown}; there are ${PARTS.map(({ name }) => name).join(', ')}\n`);
	process.exitCode = 2;
} else {
	const chosen = names.length === 0 ? OWN_PARTS : PARTS.filter(({ name }) => names.includes(name));
	try {
		for (const part of chosen) await runPart(part, isShort, (text) => void process.stdout.write(text));
		if (!isShort) writePages();
	} catch (error) {
		if (!(error instanceof PeerMissing)) throw error;
		process.stderr.write(`bench: ${error.message}\n`);
		process.exitCode = 1;
	}
}
