import { expect } from 'chai';
import { describe, it } from 'mocha';
import { decode, UnusableBytes } from '../../../src/manifests/read.ts';

const big = (text: string): Buffer => Buffer.from(text, 'utf16le').swap16();
const little = (text: string): Buffer => Buffer.from(text, 'utf16le');

describe('bytes of a file', () => {
	for (const text of ['', 'a', 'kind: X\n', 'é😀\u{10ffff}\n', 'a\ufeffb']) {
		for (const [encoding, bytes] of [
			['UTF-8', Buffer.from(text)],
			['UTF-8 with a mark', Buffer.from(`\ufeff${text}`)],
			['UTF-16LE with a mark', little(`\ufeff${text}`)],
			['UTF-16BE with a mark', big(`\ufeff${text}`)],
		] as const) {
			it(`${JSON.stringify(text)} as ${encoding} › the text; only UTF-8 keeps its mark`, () => {
				expect(decode(bytes).replace(encoding.startsWith('UTF-8') ? /^\ufeff/ : '', '')).to.equal(text);
			});
		}
	}
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
		it(`${what} › a clear error`, () => {
			expect(() => decode(bytes)).to.throw(UnusableBytes, message);
		});
	}
	it('more than 64 MiB › a clear error; 64 MiB › the text', () => {
		const bytes = Buffer.alloc(64 * 1024 * 1024 + 1, '#');
		expect(() => decode(bytes)).to.throw(UnusableBytes, 'it has more than 64 MiB; cut it into several files');
		expect(decode(bytes.subarray(1))).to.have.length(64 * 1024 * 1024);
	});
});
