/** Generates texts: a valid text after a few edits to its characters or, if the text is JSON, to its values. */
import fc from 'fast-check';
import { isObject } from '../../src/api/types.ts';
import { jsonOf, type Target } from './target.ts';

type Edit = (text: string) => string;

/** Strings that parsers have misread before. */
const WORDS = [
	...['', '\0', '\ufeff', '\r\n', '\n', '\t', ' ', '\u2028', '\u0085', '\u202e', '\ud800', '😀', 'é', '\u007f', '\\'],
	...['&a ', '*a', '<<: ', '---\n', '...\n', '|\n', '>-\n', '? ', '\\u0000', '\\ud800', '../', '{{ .Values.x }}'],
	...'{ } [ ] , : " \' - # !! __proto__ constructor toString prototype null true ~ {} [] "" %s'.split(' '),
	...'0 -0 -1 1e400 2147483647 2147483648 9007199254740993 0777 1.5 .nan 1_000'.split(' '),
	...['a'.repeat(300), '[['.repeat(60), '{"a":'.repeat(60)],
];

/** Values of every type, and strings that look like values of other types. */
const VALUES: readonly unknown[] = [
	...[null, true, false, 0, 1, 2, 3, -1, 1.5, 2 ** 31 - 1, 2 ** 31, 2 ** 53, 1e21],
	...[[], [null], {}, { a: 1 }, { toString: 1, valueOf: 1 }, { constructor: { prototype: { polluted: 1 } } }],
	...['', 'a', '1', '-', 'redis', 'memory', 'stdio', 'a\nb\u0007\u202e', '\ud800', '😀'.repeat(40), 'a'.repeat(300)],
	...['toolhive.stacklok.dev/v1', '2026-01-01T00:00:00Z', JSON.parse('{"__proto__":{"polluted":1}}')],
];
const KEYS = ['__proto__', 'constructor', 'toString', 'length', 'a/b~c', '', 'name', 'spec', 'a'];

/** A position, modulo the length of the text or list. Not biased, because the beginning of a text is not special. */
export const position = fc.noBias(fc.nat());

/** Generates `seeds` of the target after one to four edits. */
export function textsOf({ seeds, words = WORDS, longest = 16 * 1024 }: Target): fc.Arbitrary<string> {
	const seed = fc.constantFrom(...seeds());
	const length = fc.oneof(fc.nat(2), fc.nat(8), fc.nat(64), position);
	const piece = fc.oneof(
		fc.constantFrom(...WORDS),
		fc.constantFrom(...words),
		fc
			.tuple(seed, position, fc.nat(64))
			.map(([other, at, count]) => other.substring(at % (other.length + 1)).slice(0, count)),
		fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
		fc.string({ minLength: 1, maxLength: 1 }),
		fc.integer({ min: -3, max: 16 }).map(String),
		fc.constantFrom(2, 3, 4),
	);
	const edit = fc.tuple(position, length, piece, fc.boolean(), fc.option(valueEdit(seed))).map(
		([at, count, inserted, isReplaced, ofValue]): Edit =>
			(text) => {
				const json = ofValue === null ? undefined : jsonOf(text);
				if (ofValue !== null && typeof json === 'object' && json !== null) return ofValue(json);
				const from = at % (text.length + 1);
				const to = Math.min(text.length, from + count);
				const put = typeof inserted === 'number' ? text.slice(from, to).repeat(inserted) : inserted;
				return text.slice(0, from) + put + text.slice(isReplaced ? to : from);
			},
	);
	return fc
		.tuple(seed, fc.noBias(fc.array(edit, { minLength: 1, maxLength: 4 })))
		.map(([text, edits]) => edits.reduce((now, one) => one(now), text))
		.filter((text) => text.length <= longest);
}

export interface Long {
	readonly short: string;
	readonly long: string;
	readonly piece: string;
}

const LONG = 48 * 1024;

/** Generates seeds in which one part is repeated, in two lengths. */
export const longTextsOf = ({ seeds, longest = LONG }: Target): fc.Arbitrary<Long> =>
	fc
		.tuple(fc.constantFrom(...seeds().filter(Boolean)), position, fc.integer({ min: 1, max: 24 }))
		.map(([text, at, count]) => {
			const from = at % text.length;
			const piece = text.slice(from, from + count);
			const repeated = (length: number): string =>
				text.slice(0, from) + piece.repeat(Math.ceil(length / piece.length)) + text.slice(from);
			const long = Math.min(LONG, longest);
			return { short: repeated(long / 4), long: repeated(long), piece };
		});

/** Replaces, adds or removes one value at any depth. */
const valueEdit = (seed: fc.Arbitrary<string>): fc.Arbitrary<(json: object) => string> =>
	fc
		.record({
			path: fc.noBias(fc.array(position, { maxLength: 12, size: 'max' })),
			at: position,
			value: fc.oneof(
				{ weight: 6, arbitrary: fc.constantFrom(...VALUES) },
				{ weight: 1, arbitrary: fc.jsonValue({ maxDepth: 1 }) },
				{ weight: 1, arbitrary: seed.map((text) => jsonOf(text) ?? null) },
			),
			kind: fc.constantFrom('replace', 'replace', 'add', 'remove'),
			indent: fc.constantFrom(undefined, undefined, 2),
		})
		.map(({ path, at, value, kind, indent }) => {
			const change = (now: unknown): unknown => {
				if (kind === 'remove') return undefined;
				if (kind === 'add' && Array.isArray(now)) return [...now, value];
				if (kind === 'replace' || !isObject(now)) return value;
				const names = [...KEYS, ...Object.keys(now)];
				return withKey(now, names[at % names.length] ?? '', value);
			};
			return (json) => JSON.stringify(changedAt(json, path, change), null, indent) ?? '';
		});

/**
 * Returns a copy with `change` applied at the end of `path`. If `path` reaches a scalar earlier, the change applies
 * there.
 */
function changedAt(value: unknown, path: readonly number[], change: (now: unknown) => unknown): unknown {
	const keys = isObject(value) || Array.isArray(value) ? Object.keys(value) : [];
	const [first, ...rest] = path;
	const key = keys[(first ?? 0) % keys.length];
	if (first === undefined || key === undefined) return change(value);
	return withKey(value, key, changedAt((value as Record<string, unknown>)[key], rest, change));
}

/** Sets a key, or removes it if the value is undefined. Treats `__proto__` as any other key. */
function withKey(value: unknown, key: string, now: unknown): unknown {
	if (Array.isArray(value)) return now === undefined ? value.toSpliced(Number(key), 1) : value.with(Number(key), now);
	const entries = Object.entries(value as object).filter(([name]) => name !== key);
	return Object.fromEntries(now === undefined ? entries : [...entries, [key, now]]);
}
