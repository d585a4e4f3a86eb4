/**
 * `text` on one line, well-formed, without anything that could steer a terminal or turn the direction of what follows. Names and
 * messages come from whoever may write an object or a file; and the API server drops a warning with a control character in it.
 */
export const printable = (text: string): string => text.replace(STEERING, ' ').toWellFormed();

const STEERING = /[\p{Cc}\p{Cf}\u2028\u2029]/gu;
