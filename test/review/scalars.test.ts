import { expect } from 'chai';
import { keyOf, scalarOf } from '../../src/manifests/scalars.ts';
import { PLAIN } from './snippets.ts';

const TAG = 'tag:yaml.org,2002:';
/** Where no bigint is needed the tables have numbers. */
const plain = (value: unknown): unknown =>
	typeof value === 'bigint' && Number.isSafeInteger(Number(value)) ? Number(value) : value;

describe('a plain scalar', () => {
	for (const [text, value] of PLAIN) {
		it(`${JSON.stringify(text)} is ${typeof value === 'bigint' ? value : JSON.stringify(value)}`, () => {
			expect(plain(scalarOf(text))).to.equal(value);
		});
	}
	it('is kept digit by digit however long it is', () => {
		expect(scalarOf('123456789012345678901234567890')).to.equal(123456789012345678901234567890n);
	});
	it('is infinite or no number where it says so', () => {
		expect(['.inf', '+.Inf', '-.INF', '.NaN'].map((text) => scalarOf(text))).to.deep.equal([
			Number.POSITIVE_INFINITY,
			Number.POSITIVE_INFINITY,
			Number.NEGATIVE_INFINITY,
			Number.NaN,
		]);
	});
});

describe('a scalar with a tag', () => {
	for (const [tag, text, value] of [
		['str', 'no', 'no'],
		['int', '0x1F', 31],
		['float', '0x10', 16],
		['float', '1.5', 1.5],
		['bool', 'on', true],
		['null', '~', null],
		['binary', 'aG\nk=', 'hi'],
		['timestamp', '2001-01-01', '2001-01-01'],
	] as const) {
		it(`!!${tag} ${JSON.stringify(text)} is ${JSON.stringify(value)}`, () => {
			expect(plain(scalarOf(text, TAG + tag))).to.equal(value);
		});
	}
	for (const [tag, text] of [
		['int', 'a'],
		['int', '1.5'],
		['float', 'a'],
		['bool', '1'],
		['null', 'a'],
		['binary', 'a'],
	] as const) {
		it(`!!${tag} ${text} is nothing`, () => {
			expect(scalarOf(text, TAG + tag)).to.equal(undefined);
		});
	}
	it('of somebody else is a text', () => {
		expect(scalarOf('no', '!mine')).to.equal('no');
	});
});

describe('a key', () => {
	for (const [key, name] of [
		['a', 'a'],
		[false, 'false'],
		[31n, '31'],
		[-(2n ** 63n), '-9223372036854775808'],
		[1.1, '1.1'],
		[0.1, '0.1'],
		[0, '0'],
		[100000, '100000'],
		[1e6, '1e+06'],
		[1e-5, '1e-05'],
		[123456789.125, '1.2345679e+08'],
		[Number.POSITIVE_INFINITY, '.inf'],
		[2n ** 70n, '1.1805916e+21'],
	] as const) {
		it(`${typeof key} ${key} is called ${name}`, () => {
			expect(keyOf(key)).to.equal(name);
		});
	}
	for (const key of [null, 2n ** 63n]) {
		it(`${key} has no name`, () => {
			expect(keyOf(key)).to.equal(undefined);
		});
	}
});
