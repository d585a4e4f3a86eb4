/**
 * `text` on one line, well-formed, without characters that control a terminal or the direction of text. Names and
 * messages come from unknown authors; and the API server drops a warning with a control character.
 */
export const printable = (text: string): string => text.replace(CONTROLS, ' ').toWellFormed();

const CONTROLS = /[\p{Cc}\p{Cf}\u2028\u2029]/gu;

const LONGEST_QUOTE = 60;

/** `value` in quotes, cut to 60 characters, for a message about it. */
export function quote(value: string): string {
	return `"${printable(shortened(value, LONGEST_QUOTE))}"`;
}

/** `text` with at most `length` characters; a cut is shown as three dots. */
export const shortened = (text: string, length: number): string =>
	text.length > length ? `${text.slice(0, length - 3).replace(HALF, '')}...` : text;

/** The first half of a surrogate pair, left by a cut. */
const HALF = /[\ud800-\udbff]$/;
