/** The verdict on made-up figures: what grows is told, and who was not looked at is not taken for well. */
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { judge } from './report.ts';
import { EVERY_SECONDS, FIGURES, type Row } from './samples.ts';

const SECONDS = 600;
const REPLICAS = ['first', 'second'];

/** Every few seconds, what `figureOf` says of each figure. */
const rowsOf = (replica: string, figureOf: (figure: string, share: number) => number = () => 50): Row[] =>
	Array.from({ length: SECONDS / EVERY_SECONDS }, (_, index) => {
		const share = (index * EVERY_SECONDS) / SECONDS;
		const values = Object.fromEntries(FIGURES.map(({ name }) => [name, figureOf(name, share)]));
		return { atSeconds: share * SECONDS, replica, values, silentSeconds: 1 };
	});
const brokenOf = (rows: readonly Row[]): string[] =>
	judge(rows, SECONDS, REPLICAS).flatMap(({ promise, failures }) => (failures.length > 0 ? [promise] : []));

describe('soak: verdict', () => {
	it('on figures that stay as they are: good, each of both replicas', () => {
		const rows = REPLICAS.flatMap((replica) => rowsOf(replica));
		expect(brokenOf(rows)).to.deep.equal([]);
		expect(judge(rows, SECONDS, REPLICAS)).to.have.length(2 * (FIGURES.length + 1));
	});
	for (const { name, most = 0 } of FIGURES) {
		it(`${name}: twice its bound is told, of the replica whose it is; half of it is not`, () => {
			// Of the whole run 60 % are looked at.
			const growing = (times: number) => (figure: string, share: number) =>
				50 + (figure === name ? (share * times * most) / 0.6 : 0);
			expect(brokenOf([...rowsOf('first'), ...rowsOf('second', growing(2))])).to.deep.equal([
				`${name} of the second replica does not grow`,
			]);
			expect(brokenOf([...rowsOf('first'), ...rowsOf('second', growing(0.5))])).to.deep.equal([]);
		});
	}
	it('growth that ends while it is warming up is none', () => {
		const warming = (_: string, share: number): number => 50 + 1_000 * Math.min(share, 0.39);
		expect(brokenOf(REPLICAS.flatMap((replica) => rowsOf(replica, warming)))).to.deep.equal([]);
	});
	it('a replica of which nothing is known: broken', () => {
		expect(brokenOf(rowsOf('first'))).to.deep.equal(['the second replica was looked at all along']);
		expect(brokenOf([])).to.deep.equal(REPLICAS.map((replica) => `the ${replica} replica was looked at all along`));
	});
	it('a replica that was only there in the beginning: broken', () => {
		const rows = [...rowsOf('first'), ...rowsOf('second').filter(({ atSeconds }) => atSeconds < 300)];
		expect(brokenOf(rows)).to.deep.equal(['the second replica was looked at all along']);
	});
	it('one that was stopped for 18 s now and then is looked at enough', () => {
		const rows = [...rowsOf('first'), ...rowsOf('second').filter(({ atSeconds }) => atSeconds % 60 > 18)];
		expect(brokenOf(rows)).to.deep.equal([]);
	});
});
