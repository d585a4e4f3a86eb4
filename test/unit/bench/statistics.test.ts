/** Order statistics of numbers that anybody can order. */
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { median, percentile, rounded, spreadOf } from '../../../endurance/bench/statistics.ts';

/** 1 to 100 in no order. */
const HUNDRED = Array.from({ length: 100 }, (_, index) => ((index * 37) % 100) + 1);

describe('bench: statistics', () => {
	for (const [share, value] of [
		[0, 1],
		[0.5, 51],
		[0.9, 91],
		[0.99, 100],
		[1, 100],
	] as const) {
		it(`of 1 to 100, ${share * 100} % lie below ${value}`, () => expect(percentile(HUNDRED, share)).to.equal(value));
	}
	it('numbers are ordered as numbers, and stay where they were', () => {
		const values = [10, 9, 100, -1, 1];
		expect(median(values)).to.equal(9);
		expect(values).to.deep.equal([10, 9, 100, -1, 1]);
	});
	it('of nothing there is none', () => expect(percentile([], 0.5)).to.be.NaN);
	it('of one number it is that', () => expect(percentile([7], 0.99)).to.equal(7));
	it('three digits are told', () => {
		expect([123_456, 0.0123456, 1.2, 0].map(rounded)).to.deep.equal([123_000, 0.0123, 1.2, 0]);
	});
	it('what several rounds gave', () => {
		expect(spreadOf([30.04, 10, 20])).to.deep.equal({ median: 20, min: 10, max: 30 });
	});
});
