/**
 * YAML as kubectl reads it, with lines: YAML 1.1, but dates and numbers to the base of 60 are texts to go-yaml v2. docs/review.md
 * lists what still differs.
 */
import {
	type Document,
	isAlias,
	isMap,
	isNode,
	isPair,
	isScalar,
	isSeq,
	LineCounter,
	type Node,
	parseDocument,
	type Scalar,
	type ScalarTag,
	type Tags,
	type YAMLMap,
} from 'yaml';
import { isObject, type Json } from '../api/types.ts';
import { IF_TEMPLATE, NOT_RENDERED } from './problem.ts';
import { type Parsed, type Path, plainOf, Unparsable } from './values.ts';

export interface ParsedYaml extends Parsed {
	readonly document: Document;
	/** As lineOf, with the column. */
	readonly placeOf: (path: Path) => Place;
}

interface Place {
	readonly line: number;
	readonly column: number;
}

/** Characters. YAML costs 70 times its size in memory; the API server takes objects of up to 3 MiB, only Lists are longer. */
const LONGEST = 8 * 1024 * 1024;
const TOO_LONG = 'one document of more than 8 MiB; cut it with --- lines, or give it as JSON';
/** The parser takes seconds for some thousand brackets, a gigabyte for a million, and finds out only in the end. */
const DEEP = /(?:[[{]\s*){500}/;
const TOO_DEEP = 'it is nested too deeply';

/** Whole numbers as YAML 1.2 and Go write them, which go-yaml knows too. */
const PREFIXED: ScalarTag = {
	tag: 'tag:yaml.org,2002:int',
	default: true,
	test: /^[-+]?0([oO][0-7]|X[\da-fA-F]|B[01])[\da-fA-F_]*$/,
	resolve: (text) => BigInt(text.replace(/^[-+]|_/g, '')) * (text.startsWith('-') ? -1n : 1n),
};
const NOT_KUBECTLS = /:(timestamp|omap|pairs|set)$/;

const READING = {
	version: '1.1',
	schema: 'yaml-1.1',
	customTags: (tags: Tags): Tags => [
		...tags.filter((one) => typeof one === 'string' || !(NOT_KUBECTLS.test(one.tag) || one.format === 'TIME')),
		PREFIXED,
	],
	intAsBigInt: true,
	// The parser compares every key with every other, which takes it seconds.
	uniqueKeys: false,
	prettyErrors: false,
	logLevel: 'silent',
} as const;

/** What kubectl refuses wherever it is, and what ends a line for YAML 1.1 but for hardly any other reader. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const NO_TEXT = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u2028\u2029\ufffe\uffff]|\r(?!\n)/;

type Refuse = (place: unknown, message: string) => never;

/** The one document in `text`, undefined where it holds nothing. Throws Unparsable. */
export function parseYaml(text: string): ParsedYaml | undefined {
	if (text.length > LONGEST) throw new Unparsable(TOO_LONG);
	if (DEEP.test(text)) throw new Unparsable(TOO_DEEP);
	const lineCounter = new LineCounter();
	const at = (offset: number): Place => {
		const { line, col } = lineCounter.linePos(offset);
		return { line: Math.max(line, 1), column: Math.max(col, 1) };
	};
	const refuse: Refuse = (place, message) => {
		throw new Unparsable(message, at(typeof place === 'number' ? place : startOf(place)));
	};
	try {
		const document: Document.Parsed = parseDocument(text, { ...READING, lineCounter });
		const odd = text.search(NO_TEXT);
		if (odd !== -1) {
			const code = text.charCodeAt(odd).toString(16).padStart(4, '0');
			refuse(odd, `U+${code.toUpperCase()} is no text to kubectl; in double quotes it can be written as \\u${code}`);
		}
		const [error] = document.errors;
		if (error?.code === 'RESOURCE_EXHAUSTION') throw new RangeError(error.message);
		if (error !== undefined) {
			refuse(error.pos[0], text.includes('{{') ? `${error.message}; ${IF_TEMPLATE}` : error.message);
		}
		const value = plainOf(createReader(text, refuse)(document.contents));
		if (value === null) return undefined;
		const placeOf = (path: Path): Place => at(nearest(document.contents, path));
		return { value, document, placeOf, lineOf: (path) => placeOf(path).line };
	} catch (error) {
		if (error instanceof RangeError) throw new Unparsable(TOO_DEEP);
		throw error;
	}
}

/** Reads nodes in their order. The value of an alias is the very value of its anchor. */
function createReader(text: string, refuse: Refuse): (node: unknown) => unknown {
	const anchors = new Map<string, { readonly value: unknown } | 'open'>();

	const read = (node: unknown): unknown => {
		if (isAlias(node)) {
			const found = anchors.get(node.source);
			if (found === undefined) return refuse(node, `nothing above it is called &${node.source}`);
			return found === 'open' ? refuse(node, `&${node.source} contains itself`) : found.value;
		}
		const anchor = isNode(node) ? node.anchor : undefined;
		if (anchor !== undefined) anchors.set(anchor, 'open');
		const value = isScalar(node)
			? readScalar(node, refuse)
			: isMap(node)
				? readMap(node)
				: isSeq(node)
					? node.items.map(read)
					: null;
		if (anchor !== undefined) anchors.set(anchor, { value });
		return value;
	};

	const readMap = (map: YAMLMap): Json => {
		const entries = new Map<string, unknown>();
		const seen = new Set<string>();
		for (const { key, value } of map.items) {
			if (isScalar(key) && typeof key.value === 'symbol') {
				// As go-yaml does it: what `<<` brings wins over what is above it.
				for (const [name, one] of readMerged(value)) entries.set(name, one);
				continue;
			}
			const name = isScalar(key) || isAlias(key) ? read(key) : undefined;
			if (name === undefined || name === null || typeof name === 'object') {
				return refuse(key, text.includes('{{') ? NOT_RENDERED : 'a key must be a word');
			}
			// kubectl takes the last one and reports nothing.
			if (seen.has(String(name))) refuse(key, `the key ${JSON.stringify(String(name))} stands twice`);
			seen.add(String(name));
			entries.set(String(name), read(value));
		}
		return Object.fromEntries(entries);
	};

	const readMerged = (source: unknown): [string, unknown][] => {
		const value = read(source);
		const maps = Array.isArray(value) ? value.toReversed() : [value];
		return maps.flatMap((map) =>
			isObject(map) ? Object.entries(map) : refuse(source, '<< takes a mapping, or a list of mappings'),
		);
	};
	return read;
}

function readScalar(node: Scalar, refuse: Refuse): unknown {
	const { value, source = '', tag } = node;
	if (typeof value === 'number' && (!Number.isFinite(value) || source.startsWith('._'))) {
		// The parser also takes `.`, `._5` and `1e400` for numbers.
		if (!/[a-z]$/i.test(source)) return source;
		refuse(node, `${source} is no number of JSON; the API server would refuse it`);
	}
	const wanted = /^tag:yaml\.org,2002:(int|float|bool|null)$/.exec(tag ?? '')?.[1];
	if (wanted !== undefined && typeof value === 'string') refuse(node, `${source} is no ${wanted}`);
	if (value instanceof Uint8Array) return Buffer.from(value).toString();
	return typeof value === 'symbol' ? source : value;
}

const startOf = (node: unknown): number => (isNode(node) ? (node.range?.[0] ?? 0) : 0);

/** Offset of the key or list item at `path`, else of the nearest thing around it that is there. */
function nearest(contents: Node | null, path: Path): number {
	let node: unknown = contents;
	let offset = startOf(contents);
	for (const step of path) {
		const next: unknown = isMap(node)
			? node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step))
			: isSeq(node)
				? node.items[Number(step)]
				: undefined;
		if (next === undefined) break;
		offset = startOf(isPair(next) ? next.key : next) || offset;
		node = isPair(next) ? next.value : next;
	}
	return offset;
}
