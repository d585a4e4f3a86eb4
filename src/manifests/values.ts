/** What a parser gives: plain values that keep every whole number, and where they stand in the text. */
import { LineCounter } from 'yaml';

export type Path = readonly (string | number)[];

export interface Parsed {
	/** JSON, with a bigint for each whole number that JavaScript's numbers cannot hold. */
	readonly value: unknown;
	/** Line of what stands at `path`, from 1 within the text; of the nearest thing around it where it is missing. */
	readonly lineOf: (path: Path) => number;
}

/** The text is no document. Lines and columns from 1, within the text. */
export class Unparsable extends Error {
	readonly at: { readonly line: number; readonly column: number } | undefined;
	constructor(message: string, at?: { readonly line: number; readonly column: number }) {
		super(message);
		this.at = at;
	}
}

/** More than any object of Kubernetes has, and what a few aliases can unfold to. */
const MOST_VALUES = 2_000_000;
const DEEPEST = 500;

/** A copy in which nothing is shared, bigints are numbers where that is exact, and everything can be JSON. */
export function plainOf(value: unknown): unknown {
	let count = 0;
	const copy = (one: unknown, depth: number): unknown => {
		count += 1;
		if (count > MOST_VALUES)
			throw new Unparsable(
				'it has more than two million values, aliases counted as often as they are used; cut it into several',
			);
		if (depth > DEEPEST) throw new Unparsable('it is nested too deeply');
		if (typeof one === 'bigint')
			return BigInt(Number(one)) === one && Number.isSafeInteger(Number(one)) ? Number(one) : one;
		if (typeof one === 'number' && !Number.isFinite(one)) {
			throw new Unparsable(`${one} is no number of JSON; the API server would refuse it`);
		}
		if (Array.isArray(one)) return one.map((item) => copy(item, depth + 1));
		if (typeof one === 'object' && one !== null) {
			return Object.fromEntries(Object.entries(one).map(([key, item]) => [key.toWellFormed(), copy(item, depth + 1)]));
		}
		// Go's JSON has U+FFFD for half a character.
		return typeof one === 'string' ? one.toWellFormed() : one;
	};
	return copy(value, 0);
}

/** `value` as a webhook gets it, where every number is JavaScript's; `value` itself where nothing differs. */
export function roundedOf(value: unknown): unknown {
	if (typeof value === 'bigint') return Number(value);
	if (Array.isArray(value)) {
		const items = value.map(roundedOf);
		return items.some((item, index) => item !== value[index]) ? items : value;
	}
	if (typeof value !== 'object' || value === null) return value;
	const entries = Object.entries(value).map(([key, item]) => [key, roundedOf(item), item] as const);
	return entries.some(([, now, before]) => now !== before)
		? Object.fromEntries(entries.map(([key, now]) => [key, now]))
		: value;
}

// TypeScript does not know it yet: it writes its text into JSON as it is.
const { rawJSON } = JSON as unknown as { rawJSON: (text: string) => unknown };

/** JSON text of `value`, with every digit of its bigints. */
export const writeJson = (value: unknown, indent?: number): string =>
	JSON.stringify(value, (_key, one: unknown) => (typeof one === 'bigint' ? rawJSON(String(one)) : one), indent);

/** The line, from 1, of an offset in `text`: its line ends are found once, because a List asks for thousands. */
export function createLineAt(text: string): (offset: number) => number {
	const lines = new LineCounter();
	lines.addNewLine(0);
	for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', end + 1)) lines.addNewLine(end + 1);
	return (offset) => lines.linePos(offset).line;
}
