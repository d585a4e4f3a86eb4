/** Bytes to text as kubectl reads a file: a byte order mark names the encoding, without one it is UTF-8. */
import { encodingOf } from '../toolhive/encoding.ts';

/** The bytes are not text. The message is for the caller. */
export class NotText extends Error {}

export interface Decoder {
	/** The text of the next bytes, without the byte order mark. Throws NotText. */
	readonly push: (bytes: Uint8Array) => string;
	/** What is left at the end. Throws NotText. */
	readonly end: () => string;
}

/** The longest mark that tells UTF-16 from UTF-8. */
const MARK_BYTES = 2;

export function createDecoder(): Decoder {
	let decoder: InstanceType<typeof TextDecoder> | undefined;
	let start: Uint8Array = new Uint8Array();
	let size = 0;
	const decode = (bytes: Uint8Array, isEnd: boolean): string => {
		decoder ??= new TextDecoder(encodingOf(bytes), { fatal: true });
		const isUtf16 = decoder.encoding !== 'utf-8';
		try {
			const text = decoder.decode(bytes, { stream: !isEnd });
			if (!text.includes('\0')) return text;
		} catch {
			if (isUtf16) throw new NotText(isEnd && size % 2 === 1 ? HALF_UNIT : HALF_PAIR);
		}
		throw new NotText(isUtf16 ? NUL : NO_TEXT);
	};
	return {
		push: (bytes) => {
			size += bytes.length;
			if (decoder !== undefined) return decode(bytes, false);
			start = start.length === 0 ? bytes : Buffer.concat([start, bytes]);
			return start.length < MARK_BYTES ? '' : decode(start, false);
		},
		end: () => decode(decoder === undefined ? start : new Uint8Array(), true),
	};
}

const NO_TEXT = 'this is not UTF-8 text, nor UTF-16 with a byte order mark; is it a binary file?';
const NUL = 'this UTF-16 text contains the character U+0000; is it a binary file?';
const HALF_UNIT = 'this UTF-16 text has an odd number of bytes; the file is damaged or cut off';
const HALF_PAIR = 'this UTF-16 text has half of a surrogate pair; the file is damaged';
