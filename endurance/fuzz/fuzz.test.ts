/** Runs a short search, which uses the same inputs on every machine. `make fuzz` runs the long search. */
import { readdirSync } from 'node:fs';
import { expect } from 'chai';
import fc from 'fast-check';
import { after, describe, it } from 'mocha';
import { textsOf } from './edits.ts';
import { FOUND, foundFor } from './found.ts';
import { tryOne } from './target.ts';
import { TARGETS } from './targets.ts';

const SEED = 7;
const RUNS = 500;
/** The number of runs for targets that need milliseconds per input. */
const FEWER: Readonly<Record<string, number>> = { admission: 250, 'run-config': 150, manifests: 100, http: 150 };
/** `make fuzz` uses longer inputs, which show how the run time grows. */
const LONGEST = 4096;

for (const target of TARGETS) {
	const { name } = target;
	describe(`fuzz ${name}`, function () {
		this.timeout(60_000);
		after(() => target.stop?.());

		it('valid texts › every property holds', async () => {
			for (const text of target.seeds()) await tryOne(target, text);
		});
		it('edited texts › every property holds', () =>
			fc.assert(
				fc.asyncProperty(textsOf({ ...target, longest: LONGEST }), async (text) => tryOne(target, text)),
				{ seed: SEED, numRuns: FEWER[name] ?? RUNS },
			));
		for (const { file, text, reason } of foundFor(name)) {
			it(`${file} › fixed: ${reason.slice(0, 100)}`, () => tryOne(target, text));
		}
	});
}

it('fuzz › every folder of found inputs has a target', () => {
	expect(TARGETS.map(({ name }) => name)).to.include.members(readdirSync(FOUND));
});
