/**
 * Returns `text` on one well-formed line, without characters that control a terminal or the text direction. Names and
 * messages come from unknown authors, and the API server drops a warning that has a control character.
 */
export const printable = (text: string): string => text.replace(CONTROLS, ' ').toWellFormed();

const CONTROLS = /[\p{Cc}\p{Cf}\u2028\u2029]/gu;

const LONGEST_QUOTE = 60;

/** Returns `value` in quotes for a message, shortened to 60 characters. */
export function quote(value: string): string {
	return `"${printable(shortened(value, LONGEST_QUOTE))}"`;
}

/** Returns at most `length` characters of `text`. Three dots mark a cut. */
export const shortened = (text: string, length: number): string =>
	text.length > length ? `${text.slice(0, length - 3).replace(HALF, '')}...` : text;

/** The first half of a surrogate pair, which a cut may leave. */
const HALF = /[\ud800-\udbff]$/;
