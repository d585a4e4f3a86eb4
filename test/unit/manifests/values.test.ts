import { expect } from 'chai';
import fc from 'fast-check';
import { plainOf, roundedOf, Unparsable, writeJson } from '../../../src/manifests/values.ts';

describe('plainOf', () => {
	it('any JSON › an equal copy that shares nothing', () => {
		fc.assert(fc.property(fc.jsonValue(), (value) => expect(plainOf(value)).to.deep.equal(value) !== undefined));
		const inner = { a: 1 };
		const { b, c } = plainOf({ b: inner, c: inner }) as Record<string, object>;
		expect(b).to.deep.equal(c);
		expect(b).not.to.equal(c);
	});
	it('bigints › numbers if they are exact', () =>
		expect(plainOf([1n, 2n ** 53n - 1n, 2n ** 53n])).to.deep.equal([1, 2 ** 53 - 1, 2n ** 53n]));
	for (const [title, value, message] of [
		['infinity', [Number.POSITIVE_INFINITY], 'Infinity is not a JSON number; the API server would reject it'],
		['600 nested lists', Array.from({ length: 600 }).reduce((inner) => [inner], 0), 'it is nested too deeply'],
		['two million values', Array(2_000_001).fill(0), 'it has more than two million values'],
	] as const)
		it(`${title} › refused`, () => expect(() => plainOf(value)).to.throw(Unparsable, message));
});

describe('roundedOf', () => {
	it('bigints › numbers; everything else is shared', () => {
		const same = { a: [1] };
		const value = { b: [2n ** 60n, 'c'], same };
		const rounded = roundedOf(value) as typeof value;
		expect(rounded).to.deep.equal({ b: [2 ** 60, 'c'], same: { a: [1] } });
		expect(rounded.same).to.equal(same);
		expect(value.b[0]).to.equal(2n ** 60n);
	});
});

it('writeJson › every digit, and indentation', () => {
	const text = '{"a":9007199254740993,"b":[-1180591620717411303424,1],"c":"1"}';
	expect(writeJson({ a: 9007199254740993n, b: [-(2n ** 70n), 1], c: '1' })).to.equal(text);
	expect(writeJson([1n], 2)).to.equal('[\n  1\n]');
});
