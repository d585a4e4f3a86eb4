/** Parsed values that keep every digit of whole numbers, with their positions in the text. */
import { LineCounter } from 'yaml';
import type { Path } from '../objects/crd.ts';

export interface Parsed {
	/** The value as JSON, with a bigint for each whole number that a JavaScript number cannot represent. */
	readonly value: unknown;
	/** Returns the line, from 1, of the value at `path`, or of its nearest parent if the value is missing. */
	readonly lineOf: (path: Path) => number;
}

/** The text cannot be parsed. Lines and columns count from 1 within the text. */
export class Unparsable extends Error {
	readonly at: { readonly line: number; readonly column: number } | undefined;
	constructor(message: string, at?: { readonly line: number; readonly column: number }) {
		super(message);
		this.at = at;
	}
}

export const TOO_DEEP = 'it is nested too deeply';
const TOO_MANY = 'it has more than two million values, including each use of an alias; split it into several';

/** More values than any Kubernetes object has. A few aliases can expand to this many. */
const MAX_VALUES = 2_000_000;
const MAX_DEPTH = 500;

/** Returns a deep copy that is valid JSON. Bigints become numbers if the number is exact. */
export function plainOf(value: unknown): unknown {
	let count = 0;
	const copy = (one: unknown, depth: number): unknown => {
		count += 1;
		if (count > MAX_VALUES) throw new Unparsable(TOO_MANY);
		if (depth > MAX_DEPTH) throw new Unparsable(TOO_DEEP);
		if (typeof one === 'bigint') return Number.isSafeInteger(Number(one)) ? Number(one) : one;
		if (typeof one === 'number' && !Number.isFinite(one)) throw new Unparsable(notJsonNumber(one));
		// Like Go's JSON decoder, replaces half of a surrogate pair with U+FFFD.
		if (typeof one === 'string') return one.toWellFormed();
		if (Array.isArray(one)) return one.map((item) => copy(item, depth + 1));
		if (typeof one !== 'object' || one === null) return one;
		return Object.fromEntries(Object.entries(one).map(([key, item]) => [key.toWellFormed(), copy(item, depth + 1)]));
	};
	return copy(value, 0);
}

export const notJsonNumber = (text: unknown): string => `${text} is not a JSON number; the API server would reject it`;

/**
 * Returns `value` as a webhook receives it, with rounded numbers for bigints. Returns `value` itself if it contains no
 * bigints.
 */
export function roundedOf(value: unknown): unknown {
	if (typeof value === 'bigint') return Number(value);
	if (Array.isArray(value)) {
		const items = value.map(roundedOf);
		return items.some((item, index) => item !== value[index]) ? items : value;
	}
	if (typeof value !== 'object' || value === null) return value;
	const entries = Object.entries(value).map(([key, item]) => [key, roundedOf(item), item] as const);
	if (entries.every(([, after, before]) => after === before)) return value;
	return Object.fromEntries(entries.map(([key, after]) => [key, after]));
}

// TypeScript does not declare JSON.rawJSON yet.
const { rawJSON } = JSON as unknown as { rawJSON: (text: string) => unknown };

/** Writes JSON with every digit of bigints. */
export const writeJson = (value: unknown, indent?: number): string =>
	JSON.stringify(value, (_key, one: unknown) => (typeof one === 'bigint' ? rawJSON(String(one)) : one), indent);

/**
 * Returns a function from an offset in `text` to its line, from 1. Line ends are searched only once, because a List may
 * have thousands of items.
 */
export function createLineAt(text: string): (offset: number) => number {
	const lines = new LineCounter();
	lines.addNewLine(0);
	for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', end + 1)) lines.addNewLine(end + 1);
	return (offset) => lines.linePos(offset).line;
}
