/** Figures on pages and their plots, against what was measured last. That the page is up to date is held with the other generated ones. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { draw, recordedOf } from '../../bench/account.ts';
import { ACCOUNTS } from '../../bench/accounts.ts';

const ROOT = join(import.meta.dirname, '../..');

describe('what was measured', () => {
	for (const account of ACCOUNTS) {
		it(`of ${account.name} was measured, and its plots show that`, async () => {
			expect(recordedOf(account)).to.have.property('results').that.is.not.empty;
			const folder = mkdtempSync(join(tmpdir(), 'plots-'));
			try {
				await draw(account, folder);
				const drawn = readdirSync(folder);
				expect(drawn.length > 0).to.equal(account.plots !== undefined);
				for (const name of drawn) {
					const kept = readFileSync(join(ROOT, 'docs/plots', name), 'utf8');
					const isSame = kept === readFileSync(join(folder, name), 'utf8');
					expect(isSame, `docs/plots/${name} differs from what was recorded; run \`make golden\``).to.equal(true);
				}
			} finally {
				rmSync(folder, { recursive: true });
			}
		});
	}
	it('is nothing that is told no more', () => {
		const others = ['reconcile.json', 'restarts.json', 'review.json'];
		const told = ACCOUNTS.map(({ name }) => `${name}.json`);
		expect([...others, ...told]).to.include.members(readdirSync(join(ROOT, 'bench/results')));
	});
});
