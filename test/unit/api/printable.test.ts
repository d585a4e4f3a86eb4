import { expect } from 'chai';
import { describe, it } from 'mocha';
import { printable, quote } from '../../../src/api/printable.ts';

describe('printable', () => {
	for (const [title, text, expected] of [
		['letters of any script › unchanged', 'plain – 日本 ✓ 😀', 'plain – 日本 ✓ 😀'],
		['colours, bells, one-character control sequences › spaces', 'a\u001b[31mb\u0007c\u009b31m', 'a [31mb c 31m'],
		['line breaks of every kind › spaces', 'a\r\nb\u0085c\u2028d\u2029e', 'a  b c d e'],
		['characters that change the direction › spaces', 'a\u202eb\u2066c', 'a b c'],
		['half a surrogate pair › a replacement', 'a\ud800', 'a\ufffd'],
	] as const)
		it(title, () => expect(printable(text)).to.equal(expected));
	for (const [title, text, expected] of [
		['60 characters › whole', 'a'.repeat(60), 'a'.repeat(60)],
		['61 characters › shortened', 'a'.repeat(61), `${'a'.repeat(57)}...`],
		['a surrogate pair at the cut › left out', `${'a'.repeat(56)}😀bcde`, `${'a'.repeat(56)}...`],
		['control characters › spaces', 'a\nb\u001b\u202e', 'a b  '],
	] as const)
		it(`quote › ${title}`, () => expect(quote(text)).to.equal(`"${expected}"`));
});
