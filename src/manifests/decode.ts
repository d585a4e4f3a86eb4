/** Bytes to text as kubectl reads a file: a byte order mark names the encoding, without one it is UTF-8. */
import { encodingOf } from '../api/encoding.ts';

/** The bytes are not text, or too many. The message is for the caller. */
export class UnusableBytes extends Error {}

export const MOST_BYTES = 64 * 1024 * 1024;

/** The text of `bytes`; only UTF-8 keeps its byte order mark. Throws UnusableBytes. */
export function decode(bytes: Uint8Array): string {
	if (bytes.length > MOST_BYTES) throw new UnusableBytes(TOO_LARGE);
	const encoding = encodingOf(bytes);
	const isUtf16 = encoding !== 'utf-8';
	try {
		const text = new TextDecoder(encoding, { fatal: true, ignoreBOM: !isUtf16 }).decode(bytes);
		if (!text.includes('\0')) return text;
	} catch {
		if (isUtf16) throw new UnusableBytes(bytes.length % 2 === 1 ? HALF_UNIT : HALF_PAIR);
	}
	throw new UnusableBytes(isUtf16 ? NUL : NO_TEXT);
}

const TOO_LARGE = 'it has more than 64 MiB; cut it into several files';
const NO_TEXT = 'this is not UTF-8 text, nor UTF-16 with a byte order mark; is it a binary file?';
const NUL = 'this UTF-16 text contains the character U+0000; is it a binary file?';
const HALF_UNIT = 'this UTF-16 text has an odd number of bytes; the file is damaged or cut off';
const HALF_PAIR = 'this UTF-16 text has half of a surrogate pair; the file is damaged';
