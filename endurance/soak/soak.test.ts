/** Tests that the checks report a leak, and that they ignore noise, outliers and growth that ends. */
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { createRandom } from '../chaos/random.ts';
import { judge } from './report.ts';
import { EVERY_SECONDS, FIGURES, type Row } from './samples.ts';

const SECONDS = 600;
const REPLICAS = ['first', 'second'];
const { next } = createRandom(1);

/** Returns one row every few seconds. `value` computes each figure from the elapsed share of the run. */
const rowsOf = (replica: string, value: (share: number, figure: string) => number = () => 50): Row[] =>
	Array.from({ length: SECONDS / EVERY_SECONDS }, (_, index) => {
		const share = (index * EVERY_SECONDS) / SECONDS;
		const values = Object.fromEntries(FIGURES.map(({ name }) => [name, value(share, name)]));
		return { atSeconds: share * SECONDS, replica, values, lastEventAgeSeconds: 1 };
	});
const brokenIn = (rows: readonly Row[]): string[] =>
	judge(rows, SECONDS, REPLICAS).flatMap(({ check, failures }) => (failures.length > 0 ? [check] : []));

describe('soak', () => {
	it('one figure of one replica grows by twice or half its limit › only the larger growth is reported', () => {
		for (const { name, most } of FIGURES) {
			// The first 40 % of a run are warm-up, so only 60 % of the total growth counts.
			const growing = (bounds: number) => (share: number, figure: string) =>
				50 + (figure === name ? (share * bounds * most) / 0.6 : 0);
			const expected = [`${name} of the second replica does not grow`];
			expect(brokenIn([...rowsOf('first'), ...rowsOf('second', growing(2))])).to.deep.equal(expected);
			expect(brokenIn([...rowsOf('first'), ...rowsOf('second', growing(0.5))])).to.deep.equal([]);
		}
	});
	for (const [title, value] of [
		['noise', () => 50 + 100 * next()],
		['outliers', (share: number) => (Math.round(share * 120) % 6 === 5 ? 1_000 : 50)],
		['growth during the warm-up', (share: number) => 50 + 1_000 * Math.min(share, 0.39)],
		['a step', (share: number) => (share < 0.42 ? 40 : 90)],
	] as const) {
		it(`${title} › not reported`, () => {
			for (let run = 0; run < 20; run += 1)
				expect(brokenIn(REPLICAS.flatMap((replica) => rowsOf(replica, value)))).to.deep.equal([]);
		});
	}
	it('a leak smaller than the noise in single samples › reported', () => {
		const leak = (share: number): number => 50 + 100 * share + 40 * next();
		expect(brokenIn(REPLICAS.flatMap((replica) => rowsOf(replica, leak)))).to.have.length(2 * FIGURES.length);
	});
	it('a replica with no samples, or with early samples only › reported', () => {
		const early = rowsOf('second').filter(({ atSeconds }) => atSeconds < 300);
		for (const rows of [rowsOf('first'), [...rowsOf('first'), ...early]])
			expect(brokenIn(rows)).to.deep.equal(['the second replica has samples']);
		const stopped = rowsOf('second').filter(({ atSeconds }) => atSeconds % 60 > 18);
		expect(brokenIn([...rowsOf('first'), ...stopped])).to.deep.equal([]);
	});
});
