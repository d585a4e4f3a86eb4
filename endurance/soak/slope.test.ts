/** What counts as growing: a leak does, noise and single peaks do not. */
import { expect } from 'chai';
import { createRandom } from '../chaos/random.ts';
import { isGrowing, leastOf, type Sample, slopeOf } from './slope.ts';

const COUNT = 24;
/** As the minutes of a run give them: 24 windows of 15 s, `value` of each. */
const samples = (value: (index: number) => number): Sample[] =>
	Array.from({ length: COUNT }, (_, index) => ({ atSeconds: index * 15, value: value(index) }));

describe('soak: slope', () => {
	it('of a straight line is its own', () => {
		const { perHour, growth } = slopeOf(samples((index) => 100 + index));
		expect(perHour).to.be.closeTo(240, 1e-6);
		expect(growth).to.be.closeTo(23, 1e-6);
	});
	it('a few samples far off do not bend it', () => {
		const { perHour } = slopeOf(samples((index) => (index % 6 === 5 ? 1_000 : 100)));
		expect(perHour).to.equal(0);
	});
	it('noise is no growth: never in 300 runs, though it moves as much as is allowed', () => {
		const { next } = createRandom(1);
		for (let run = 0; run < 300; run += 1)
			expect(isGrowing(slopeOf(samples(() => 50 + 8 * next())), 2)).to.equal(false);
	});
	it('growth within the bound is none, however sure it is', () => {
		const slope = slopeOf(samples((index) => 50 + 0.05 * index));
		expect(slope.sigmas).to.be.above(4);
		expect(isGrowing(slope, 2)).to.equal(false);
		expect(isGrowing(slope, 1)).to.equal(true);
	});
	it('a step is no growth that goes on', () => {
		expect(isGrowing(slopeOf(samples((index) => (index === 0 ? 40 : 50))), 2)).to.equal(false);
	});
	it('a leak below the noise of single samples is seen: in each of 100 runs', () => {
		const { next } = createRandom(2);
		for (let run = 0; run < 100; run += 1)
			expect(isGrowing(slopeOf(samples((index) => 50 + 0.4 * index + 4 * next())), 2)).to.equal(true);
	});
	it('the least of each window is taken where it was met', () => {
		const of = [5, 3, 4, 9, 8].map((value, index) => ({ atSeconds: index * 5, value }));
		expect(leastOf(of, 15)).to.deep.equal([
			{ atSeconds: 5, value: 3 },
			{ atSeconds: 20, value: 8 },
		]);
	});
});
