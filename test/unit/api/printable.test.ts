import { expect } from 'chai';
import { describe, it } from 'mocha';
import { printable, quote } from '../../../src/api/printable.ts';

const TABLE: readonly (readonly [what: string, text: string, is: string])[] = [
	['letters of any script', 'plain – 日本 ✓ 😀', 'plain – 日本 ✓ 😀'],
	['colours and bells', 'a\u001b[31mb\u0007', 'a [31mb '],
	['a control sequence in one character', 'a\u009b31m', 'a 31m'],
	['line breaks of every kind', 'a\r\nb\u0085c\u2028d\u2029e', 'a  b c d e'],
	['what turns the direction of writing', 'a\u202eb\u2066c', 'a b c'],
	['half a character', 'a\ud800', 'a\ufffd'],
];

describe('printable text', () => {
	for (const [what, text, is] of TABLE) {
		it(what, () => {
			expect(printable(text)).to.equal(is);
		});
	}
});

describe('a value in quotes', () => {
	it('of at most 60 characters › whole', () => {
		for (const text of ['', 'a', 'a'.repeat(60)]) expect(quote(text)).to.equal(`"${text}"`);
	});
	it('of more › cut, and never through a character', () => {
		expect(quote('a'.repeat(61))).to.equal(`"${'a'.repeat(57)}..."`);
		expect(quote(`${'a'.repeat(56)}😀bcde`)).to.equal(`"${'a'.repeat(56)}..."`);
	});
	it('with control characters › without them', () => {
		expect(quote('a\nb\u001b\u202e')).to.equal('"a b  "');
	});
});
