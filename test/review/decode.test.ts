import { expect } from 'chai';
import { describe, it } from 'mocha';
import { createDecoder, NotText } from '../../src/manifests/decode.ts';

function decoded(bytes: Uint8Array, size: number): string {
	const decoder = createDecoder();
	let text = '';
	for (let at = 0; at < bytes.length; at += size) text += decoder.push(bytes.subarray(at, at + size));
	return text + decoder.end();
}

const big = (text: string): Buffer => Buffer.from(text, 'utf16le').swap16();
const little = (text: string): Buffer => Buffer.from(text, 'utf16le');

const SIZES = [1, 2, 3, 5, 1000];

describe('bytes of a file', () => {
	for (const text of ['', 'a', 'kind: X\n', 'é😀\u{10ffff}\n', 'a\ufeffb']) {
		for (const [encoding, bytes] of [
			['UTF-8', Buffer.from(text)],
			['UTF-8 with a mark', Buffer.from(`\ufeff${text}`)],
			['UTF-16LE with a mark', little(`\ufeff${text}`)],
			['UTF-16BE with a mark', big(`\ufeff${text}`)],
		] as const) {
			it(`${JSON.stringify(text)} as ${encoding} › in pieces of any size › the text without the mark`, () => {
				for (const size of SIZES) expect(decoded(bytes, size), `size ${size}`).to.equal(text);
			});
		}
	}
	it('empty pieces before and within the mark › the same text', () => {
		const decoder = createDecoder();
		const pieces = [[], [0xff], [], [0xfe], [0x61], [], [0x00]].map((piece) => decoder.push(Uint8Array.from(piece)));
		expect(pieces.join('') + decoder.end()).to.equal('a');
	});

	for (const [what, bytes, message] of [
		['UTF-16LE without a mark', little('kind: X'), /^this is not UTF-8 text, nor UTF-16 with a byte order mark/],
		['UTF-16BE without a mark', big('kind: X'), /^this is not UTF-8 text/],
		['Latin 1', Buffer.from('\xe4 b', 'latin1'), /^this is not UTF-8 text/],
		['a lone first byte of a mark', Buffer.from([0xff]), /^this is not UTF-8 text/],
		['UTF-16LE with an odd number of bytes', little('\ufeffab').subarray(0, 5), /odd number of bytes/],
		['UTF-16BE with an odd number of bytes', big('\ufeffab').subarray(0, 5), /odd number of bytes/],
		['UTF-16LE with a high surrogate alone', little('\ufeffa\ud800b'), /half of a surrogate pair/],
		['UTF-16BE with a low surrogate alone', big('\ufeffa\udc00b'), /half of a surrogate pair/],
		['UTF-16LE that ends in a pair', little('\ufeffa\ud800'), /half of a surrogate pair/],
		['UTF-16BE with U+0000', big('\ufeffa\0b'), /U\+0000/],
	] as const) {
		it(`${what} › in pieces of any size › a clear error`, () => {
			for (const size of SIZES) expect(() => decoded(bytes, size), `size ${size}`).to.throw(NotText, message);
		});
	}
});
