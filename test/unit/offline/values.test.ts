import { expect } from 'chai';
import fc from 'fast-check';
import { plainOf, roundedOf, Unparsable, writeJson } from '../../../src/manifests/values.ts';

describe('a plain copy', () => {
	it('shares nothing and says the same', () => {
		fc.assert(
			fc.property(fc.jsonValue(), (value) => {
				expect(plainOf(value)).to.deep.equal(value);
			}),
		);
		const inner = { a: 1 };
		const { b, c } = plainOf({ b: inner, c: inner }) as Record<string, object>;
		expect(b).to.deep.equal(c);
		expect(b).not.to.equal(c);
	});
	it('has a number for a bigint where that is exact', () => {
		expect(plainOf([1n, -5n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 64n])).to.deep.equal([
			1,
			-5,
			2 ** 53 - 1,
			2n ** 53n,
			2n ** 64n,
		]);
	});
	it('keeps a key that JavaScript has plans with', () => {
		expect(Object.keys(plainOf(JSON.parse('{"__proto__":{"a":1}}')) as object)).to.deep.equal(['__proto__']);
	});
	for (const [what, value, message] of [
		['infinity', [Number.POSITIVE_INFINITY], 'Infinity is no number of JSON; the API server would refuse it'],
		['too deep', Array.from({ length: 600 }).reduce((inner) => [inner], 0), 'it is nested too deeply'],
		['too much', Array(2_000_001).fill(0), 'it has more than two million values'],
	] as const) {
		it(`is refused of what is ${what}`, () => {
			expect(() => plainOf(value)).to.throw(Unparsable, message);
		});
	}
});

describe('a rounded value', () => {
	it('is the value itself where nothing is rounded', () => {
		fc.assert(
			fc.property(fc.jsonValue(), (value) => {
				expect(roundedOf(value)).to.equal(value);
			}),
		);
	});
	it('has numbers for bigints and shares everything else', () => {
		const same = { a: [1] };
		const value = { b: [2n ** 60n, 'c'], same };
		const rounded = roundedOf(value) as typeof same & { same: object };
		expect(rounded).to.deep.equal({ b: [2 ** 60, 'c'], same: { a: [1] } });
		expect(rounded.same).to.equal(same);
		expect(value.b[0]).to.equal(2n ** 60n);
	});
});

describe('written JSON', () => {
	it('has every digit', () => {
		expect(writeJson({ a: 9007199254740993n, b: [-(2n ** 70n), 1], c: '1' })).to.equal(
			'{"a":9007199254740993,"b":[-1180591620717411303424,1],"c":"1"}',
		);
		expect(writeJson([1n], 2)).to.equal('[\n  1\n]');
	});
});
