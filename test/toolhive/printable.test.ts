import { expect } from 'chai';
import { describe, it } from 'mocha';
import { printable } from '../../src/toolhive/printable.ts';

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
