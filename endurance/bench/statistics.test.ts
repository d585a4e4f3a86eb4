import { expect } from 'chai';
import { median, percentile, rounded, spreadOf } from './statistics.ts';
import { table } from './table.ts';

/** The numbers 1 to 100 in mixed order. */
const HUNDRED = Array.from({ length: 100 }, (_, index) => ((index * 37) % 100) + 1);

describe('bench: numbers and tables', () => {
	it('percentile › 1 to 100, one number, no numbers › the value below which that share of the numbers is', () => {
		expect([0, 0.5, 0.9, 0.99, 1].map((share) => percentile(HUNDRED, share))).to.deep.equal([1, 51, 91, 100, 100]);
		expect([percentile([7], 0.99), percentile([], 0.5)]).to.deep.equal([7, Number.NaN]);
	});
	it('median › sorts by value, and does not change its input', () => {
		const values = [10, 9, 100, -1, 1];
		expect(median(values)).to.equal(9);
		expect(values).to.deep.equal([10, 9, 100, -1, 1]);
	});
	it('rounded and spreadOf › three significant digits', () => {
		expect([123_456, 0.0123456, 1.2, 0].map(rounded)).to.deep.equal([123_000, 0.0123, 1.2, 0]);
		expect(spreadOf([30.04, 10, 20])).to.deep.equal({ median: 20, min: 10, max: 30 });
	});
	it('table › Markdown; an old record without a value › throws', () => {
		const text = table([1, 2].map((a) => ({ a, 'b c': 'x' })));
		expect(text).to.equal('| a | b c |\n|---|---|\n| 1 | x |\n| 2 | x |');
		const old = { a: undefined } as unknown as Record<string, number>;
		expect(() => table([old])).to.throw('bench: a row without "a"; measure that part again');
	});
});
