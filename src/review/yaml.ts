/**
 * YAML as kubectl reads it and writes it. kubectl's parser (sigs.k8s.io/yaml over go-yaml v2) is one of YAML 1.1: plain
 * `no`, `on` and `y` are booleans, `0777` is octal; but dates and `12:30` stay texts.
 */
import {
	type Document,
	type DocumentOptions,
	isAlias,
	isMap,
	isNode,
	isPair,
	isScalar,
	isSeq,
	LineCounter,
	type Node,
	type ParseOptions,
	parseDocument,
	type ScalarTag,
	type SchemaOptions,
	stringify,
	type Tags,
	visit,
} from 'yaml';
import { NOT_RENDERED } from './problem.ts';
import { type Parsed, type Path, plainOf, Unparsable } from './values.ts';

const NOT_OF_GO = new Set(['timestamp', 'binary', 'omap', 'pairs', 'set'].map((name) => `tag:yaml.org,2002:${name}`));

/** `0o17`, which Go reads as a number although YAML 1.1 does not. */
const OCTAL: ScalarTag = {
	tag: 'tag:yaml.org,2002:int',
	default: true,
	format: 'OCT12',
	test: /^[-+]?0o[0-7_]+$/,
	resolve: (text) => {
		const digits = BigInt(text.replace(/^[-+]/, '').replaceAll('_', ''));
		return text.startsWith('-') ? -digits : digits;
	},
};

const tagsOfGo = (tags: Tags): Tags => [
	...tags.filter((tag) => typeof tag === 'string' || (!NOT_OF_GO.has(tag.tag) && !isSexagesimal(tag))),
	OCTAL,
];

const isSexagesimal = (tag: object): boolean => 'format' in tag && tag.format === 'TIME';

/** Keys are compared below: the parser does it pair by pair, which takes seconds for some thousands of them. */
const READING: ParseOptions & DocumentOptions & SchemaOptions = {
	version: '1.1',
	schema: 'yaml-1.1',
	customTags: tagsOfGo,
	merge: true,
	intAsBigInt: true,
	uniqueKeys: false,
};

/** The one document in `text`, undefined where it holds nothing. Throws Unparsable. */
export function parseYaml(text: string): Parsed | undefined {
	const lineCounter = new LineCounter();
	const at = (offset: number): { line: number; column: number } => {
		const { line, col } = lineCounter.linePos(offset);
		return { line: Math.max(line, 1), column: Math.max(col, 1) };
	};
	const document = parsed(text, lineCounter);
	const [error] = document.errors;
	if (error !== undefined) {
		const message = error.message.split('\n')[0]?.replace(/ at line \d+, column \d+:?$/, '') ?? error.code;
		throw new Unparsable(text.includes('{{') ? NOT_RENDERED : message, at(error.pos[0]));
	}
	if (document.contents === null) return undefined;
	checkKeys(document, (node, message) => {
		throw new Unparsable(text.includes('{{') ? NOT_RENDERED : message, at(node.range?.[0] ?? 0));
	});
	return {
		value: plainOf(unfolded(document)),
		lineOf: (path) => at(nearest(document.contents, path)).line,
	};
}

function parsed(text: string, lineCounter: LineCounter): Document.Parsed {
	try {
		return parseDocument(text, { ...READING, lineCounter });
	} catch (error) {
		if (error instanceof RangeError) throw new Unparsable('it is nested too deeply');
		throw error;
	}
}

function unfolded(document: Document): unknown {
	try {
		return document.toJS();
	} catch (error) {
		if (error instanceof ReferenceError)
			throw new Unparsable('its aliases unfold to far more than it is; write it out');
		if (error instanceof RangeError) throw new Unparsable('it is nested too deeply');
		throw error;
	}
}

/** No key twice in a mapping, which would lose the first one, and none that is not a word. */
function checkKeys(document: Document, refuse: (node: Node, message: string) => never): void {
	visit(document, {
		Map: (_key, map) => {
			const seen = new Set<string>();
			for (const { key } of map.items) {
				if (!isNode(key)) continue;
				if (isMap(key) || isSeq(key)) refuse(key, 'a key must be a word');
				const name = isScalar(key) ? String(key.value) : undefined;
				if (name === undefined || name === '<<') continue;
				if (seen.has(name)) refuse(key, `the key ${JSON.stringify(name)} stands twice`);
				seen.add(name);
			}
		},
	});
}

/** Offset of the key or list item at `path`, else of the nearest thing around it that is there. */
function nearest(contents: Node | null, path: Path): number {
	let node: unknown = contents;
	let offset = contents?.range?.[0] ?? 0;
	for (const step of path) {
		if (isAlias(node) || !isNode(node)) break;
		const next: unknown = isMap(node)
			? node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step))
			: isSeq(node)
				? node.items[Number(step)]
				: undefined;
		if (next === undefined) break;
		const start = isPair(next) ? next.key : next;
		offset = (isNode(start) ? start.range?.[0] : undefined) ?? offset;
		node = isPair(next) ? next.value : next;
	}
	return offset;
}

/** `value` (a bigint where a number cannot hold it) as one document that every reader of YAML 1.1 or 1.2 understands alike. */
export const writeYaml = (value: unknown): string =>
	stringify(value, {
		version: '1.1',
		schema: 'yaml-1.1',
		compat: 'core',
		lineWidth: 0,
		singleQuote: true,
		aliasDuplicateObjects: false,
	});
