/** `text` on one line, without anything that could steer a terminal or turn the direction of what follows. */
export const cleaned = (text: string): string => text.replace(STEERING, ' ');

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const STEERING = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;
