/** Figures on pages, against what was measured last. That the pages are up to date is checked with the other generated ones. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { recordedOf } from './account.ts';
import { ACCOUNTS } from './accounts.ts';

const ROOT = join(import.meta.dirname, '../..');

describe('results of measurements', () => {
	for (const account of ACCOUNTS) {
		it(`${account.name} › was measured`, () => {
			expect(recordedOf(account)).to.have.property('results').that.is.not.empty;
		});
	}
	it('no file is left of a measurement that is on no page', () => {
		const shown = ACCOUNTS.map(({ name }) => `${name}.json`);
		// On docs/operations.md, by hand.
		expect([...shown, 'restarts.json']).to.include.members(readdirSync(join(ROOT, 'endurance/bench/results')));
	});
});
