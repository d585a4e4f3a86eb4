/** Tests which results the pages show. The test of generated files checks that the pages are up to date. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { recordedOf } from './account.ts';
import { ACCOUNTS } from './accounts.ts';

const ROOT = join(import.meta.dirname, '../..');

describe('measurement results', () => {
	for (const account of ACCOUNTS) {
		it(`${account.name} › was measured`, () => {
			expect(recordedOf(account)).to.have.property('results').that.is.not.empty;
		});
	}
	it('every results file › belongs to a measurement', () => {
		const shown = ACCOUNTS.map(({ name }) => `${name}.json`);
		// docs/operations.md shows these results in prose.
		expect([...shown, 'restarts.json']).to.include.members(readdirSync(join(ROOT, 'endurance/bench/results')));
	});
});
