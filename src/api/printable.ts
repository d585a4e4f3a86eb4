/**
 * `text` on one line, well-formed, without anything that could steer a terminal or turn the direction of what follows. Names and
 * messages come from whoever may write an object or a file; and the API server drops a warning with a control character in it.
 */
export const printable = (text: string): string => text.replace(STEERING, ' ').toWellFormed();

const STEERING = /[\p{Cc}\p{Cf}\u2028\u2029]/gu;

const LONGEST_QUOTE = 60;

/** `value` in quotes, cut to 60 characters, for a message about it. */
export function quote(value: string): string {
	return `"${printable(shortened(value, LONGEST_QUOTE))}"`;
}

/** `text` with at most `length` characters; a cut is shown as three dots. */
export const shortened = (text: string, length: number): string =>
	text.length > length ? `${text.slice(0, length - 3).replace(HALF, '')}...` : text;

/** What is left of a character that a cut went through. */
const HALF = /[\ud800-\udbff]$/;
