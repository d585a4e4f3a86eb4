/**
 * Parses YAML as kubectl does, with line numbers: YAML 1.1, except that timestamps and sexagesimal numbers are texts,
 * as in go-yaml v2. docs/review.md lists the remaining differences.
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
import type { Path } from '../objects/crd.ts';
import { IF_TEMPLATE, NOT_RENDERED } from './problem.ts';
import { notJsonNumber, type Parsed, plainOf, TOO_DEEP, Unparsable } from './values.ts';

export interface ParsedYaml extends Parsed {
	readonly document: Document;
	/** Like lineOf, with the column. */
	readonly positionOf: (path: Path) => { readonly line: number; readonly column: number };
}

/**
 * The limit in characters. Parsing needs 70 times the memory of the text. An object has at most 3 MiB, so only a List
 * can be longer.
 */
const MAX_LENGTH = 8 * 1024 * 1024;
const TOO_LONG = 'one document is larger than 8 MiB; split it with --- lines, or use JSON';
/**
 * Deep nesting is rejected first: the parser needs seconds for a few thousand brackets and a gigabyte for a million.
 */
const DEEP = /(?:[[{]\s*){500}/;

/** Whole numbers with a prefix of YAML 1.2 and Go, which go-yaml also reads. */
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
	// The library's check for repeated keys takes quadratic time: seconds for thousands of keys. `readMap` checks keys
	// instead.
	uniqueKeys: false,
	prettyErrors: false,
	logLevel: 'silent',
} as const;

/** Characters that kubectl always rejects, and line ends of YAML 1.1 that other parsers do not recognize. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const NO_TEXT = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u2028\u2029\ufffe\uffff]|\r(?!\n)/;

/** Rejects the text. `at` is an offset or a node. */
type Refuse = (at: unknown, message: string) => never;

/** Returns the document in `text`, or undefined if it is empty or null. Throws Unparsable. */
export function parseYaml(text: string): ParsedYaml | undefined {
	if (text.length > MAX_LENGTH) throw new Unparsable(TOO_LONG);
	if (DEEP.test(text)) throw new Unparsable(TOO_DEEP);
	const lineCounter = new LineCounter();
	const positionAt = (offset: number) => {
		const { line, col } = lineCounter.linePos(offset);
		return { line: Math.max(line, 1), column: Math.max(col, 1) };
	};
	const refuse: Refuse = (at, message) => {
		throw new Unparsable(message, positionAt(typeof at === 'number' ? at : startOf(at)));
	};
	try {
		const document: Document.Parsed = parseDocument(text, { ...READING, lineCounter });
		const odd = text.search(NO_TEXT);
		if (odd !== -1) {
			const code = text.charCodeAt(odd).toString(16).padStart(4, '0');
			refuse(odd, `U+${code.toUpperCase()} is not allowed in YAML; in double quotes, write \\u${code}`);
		}
		const [error] = document.errors;
		if (error?.code === 'RESOURCE_EXHAUSTION') throw new RangeError(error.message);
		if (error !== undefined) {
			refuse(error.pos[0], text.includes('{{') ? `${error.message}; ${IF_TEMPLATE}` : error.message);
		}
		const value = plainOf(createReader(text, refuse)(document.contents));
		if (value === null) return undefined;
		const positionOf = (path: Path) => positionAt(nearest(document.contents, path));
		return { value, document, positionOf, lineOf: (path) => positionOf(path).line };
	} catch (error) {
		if (error instanceof RangeError) throw new Unparsable(TOO_DEEP);
		throw error;
	}
}

/** Reads nodes in their order. An alias shares the value of its anchor. */
function createReader(text: string, refuse: Refuse): (node: unknown) => unknown {
	const anchors = new Map<string, { readonly value: unknown } | 'open'>();

	const read = (node: unknown): unknown => {
		if (isAlias(node)) {
			const found = anchors.get(node.source);
			if (found === undefined) return refuse(node, `there is no anchor &${node.source} above it`);
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
				// Like go-yaml, lets keys of `<<` replace keys above it.
				for (const [name, one] of readMerged(value)) entries.set(name, one);
				continue;
			}
			const name = isScalar(key) || isAlias(key) ? read(key) : undefined;
			if (name === undefined || name === null || typeof name === 'object') {
				return refuse(key, text.includes('{{') ? NOT_RENDERED : 'a key must be a scalar');
			}
			// kubectl silently keeps the last of two equal keys.
			if (seen.has(String(name))) refuse(key, `the key ${JSON.stringify(String(name))} is duplicated`);
			seen.add(String(name));
			entries.set(String(name), read(value));
		}
		return Object.fromEntries(entries);
	};

	const readMerged = (source: unknown): [string, unknown][] => {
		const value = read(source);
		const maps = Array.isArray(value) ? value.toReversed() : [value];
		return maps.flatMap((map) =>
			isObject(map) ? Object.entries(map) : refuse(source, '<< requires a mapping, or a list of mappings'),
		);
	};
	return read;
}

function readScalar(node: Scalar, refuse: Refuse): unknown {
	const { value, source = '', tag } = node;
	if (typeof value === 'number' && (!Number.isFinite(value) || source.startsWith('._'))) {
		// The library also reads `.`, `._5` and `1e400` as numbers.
		if (!/[a-z]$/i.test(source)) return source;
		refuse(node, notJsonNumber(source));
	}
	const wanted = /^tag:yaml\.org,2002:(int|float|bool|null)$/.exec(tag ?? '')?.[1];
	if (wanted !== undefined && typeof value === 'string') refuse(node, `${source} is not a valid ${wanted}`);
	if (value instanceof Uint8Array) return Buffer.from(value).toString();
	return typeof value === 'symbol' ? source : value;
}

const startOf = (node: unknown): number => (isNode(node) ? (node.range?.[0] ?? 0) : 0);

/** Returns the offset of the key or list item at `path`, or of its nearest existing parent. */
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
