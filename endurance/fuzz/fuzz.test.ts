/** The short search: the same inputs each time, so that it fails for everybody or for nobody. `make fuzz` is the long one. */
import { expect } from 'chai';
import { after, describe, it } from 'mocha';
import { changed } from './change.ts';
import { foundFor, targetsWithFound } from './found.ts';
import { randomOf } from './random.ts';
import { type Target, tryOne } from './target.ts';
import { TARGETS, targetNamed } from './targets.ts';

const SEED = 7;
const RUNS = 500;
/** Where one takes milliseconds. */
const FEWER: Readonly<Record<string, number>> = { admission: 250, 'run-config': 150, manifests: 100, http: 150 };
/** Longer ones show how time grows, which is for `make fuzz`. */
const LONGEST = 4096;

// Now, because some of what they load makes globals, and mocha looks for those that tests make.
const targets = await Promise.all(Object.keys(TARGETS).map(targetNamed));

for (const target of targets) {
	const { name } = target;
	describe(`fuzz ${name}`, function () {
		this.timeout(60_000);
		after(() => target.stop?.());

		it('keeps every promise for good texts', async () => {
			for (const text of target.seeds()) await tryAt(target, text);
		});
		it('keeps every promise for what is made of them', async () => {
			const random = randomOf(SEED);
			const corpus = target.seeds();
			for (let run = 0; run < (FEWER[name] ?? RUNS); run += 1) {
				const text = changed(random.of(corpus), corpus, target.words ?? [], random);
				if (text.length <= LONGEST) await tryAt(target, text);
			}
		});
		for (const { name: file, text, reason } of foundFor(name)) {
			it(`${file} found no more: ${reason.slice(0, 100)}`, () => tryOne(target, text));
		}
	});
}

/** The input in the message: there is nothing else to look at. */
async function tryAt(target: Target, text: string): Promise<void> {
	try {
		await tryOne(target, text);
	} catch (error) {
		throw new Error(`${JSON.stringify(text).slice(0, 2000)}\n${(error as Error).message}`, { cause: error });
	}
}

describe('fuzz', () => {
	it('every folder of inputs has its target', () => {
		expect(Object.keys(TARGETS)).to.include.members(targetsWithFound());
	});
});
