/** docs/performance.md and its plots, against what was measured last. That the page is up to date is held with the other generated ones. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { drawPart, recordedOf } from '../../bench/part.ts';
import { PARTS } from '../../bench/parts.ts';

const ROOT = join(import.meta.dirname, '../..');

describe('what make bench wrote', () => {
	for (const part of PARTS) {
		it(`of ${part.name} was measured, and its plots show that`, async () => {
			expect(recordedOf(part)).to.have.property('results').that.is.not.empty;
			const folder = mkdtempSync(join(tmpdir(), 'plots-'));
			try {
				await drawPart(part, folder);
				const drawn = readdirSync(folder);
				expect(drawn).to.be.not.empty;
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
	it('is nothing of a part that is gone', () => {
		const own = ['reconcile.json', 'restarts.json', 'review.json'];
		const parts = PARTS.map(({ name }) => `${name}.json`);
		expect([...own, ...parts]).to.include.members(readdirSync(join(ROOT, 'bench/results')));
	});
});
