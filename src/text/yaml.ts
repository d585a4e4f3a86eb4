/** Writes a section of a YAML mapping and leaves the rest of the text unchanged. */
import { isDeepStrictEqual } from 'node:util';
import { type Document, isMap, isNode, isScalar, parseDocument, stringify, visit, YAMLMap } from 'yaml';
import type { Json } from '../api/types.ts';

/**
 * The limit in UTF-16 units. Operators write far shorter texts, and a YAML parser needs a hundred times the memory of
 * its text.
 */
const LONGEST_TEXT = 64 * 1024;

/** The indentation of ToolHive's own writer. */
const DEFAULT_INDENT = 4;

/**
 * Returns the document of a YAML mapping, or undefined for anything else, a repeated key, or a text that is too long.
 */
export function parseMapping(text: string): Document | undefined {
	if (text.length > LONGEST_TEXT) return undefined;
	// The parser's own check for repeated keys takes seconds for some thousand keys.
	const document = withoutStacks(() => parseDocument(text, { prettyErrors: false, uniqueKeys: false }));
	const isMapping = document.errors.length === 0 && isMap(document.contents);
	return isMapping && !hasRepeatedKey(document) ? document : undefined;
}

/**
 * Returns `text` with `entries` in the mapping at `key`; null removes an entry, and others stay. Changes `document`,
 * which must be parsed from `text`. Returns undefined if the document cannot be printed.
 */
export function writeSection(text: string, document: Document, key: string, entries: Json): string | undefined {
	const indent = /^( +)\S/m.exec(text)?.[1]?.length ?? DEFAULT_INDENT;
	// An appended section is quoted by the rules of YAML 1.1, because Go's reader treats more words as true than YAML 1.2
	// does.
	const style = { indent, lineWidth: 0, singleQuote: true, version: '1.1' } as const;
	if (!document.has(key)) {
		const section = Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== null));
		const appended = `${text}${text.endsWith('\n') ? '' : '\n'}${stringify({ [key]: section }, style)}`;
		const reread = parseMapping(appended)?.get(key);
		if (isMap(reread) && isDeepStrictEqual(reread.toJSON(), section)) return appended;
	}
	if (!isMap(document.get(key))) document.set(key, emptySection(document, key));
	for (const [name, value] of Object.entries(entries)) {
		if (value === null) document.deleteIn([key, name]);
		else document.setIn([key, name], value);
	}
	try {
		return document.toString(style);
	} catch {
		// Only the printer notices an alias whose anchor does not exist or was in the previous section.
		return undefined;
	}
}

/** Replaces a null or another value with an empty section, and keeps its comments. */
function emptySection(document: Document, key: string): YAMLMap {
	const section = new YAMLMap();
	const before = document.get(key, true);
	if (isNode(before)) section.commentBefore = [before.commentBefore, before.comment].filter(Boolean).join('\n') || null;
	return section;
}

/**
 * Parses without stack traces. The parser creates an error for each wrong character, and would spend most of its time
 * on unused stacks.
 */
export function withoutStacks<T>(parse: () => T): T {
	const before = Error.stackTraceLimit;
	Error.stackTraceLimit = 0;
	try {
		return parse();
	} finally {
		Error.stackTraceLimit = before;
	}
}

function hasRepeatedKey(document: Document): boolean {
	let isFound = false;
	visit(document, {
		Map: (_, { items }) => {
			const keys = items.flatMap(({ key }) => (isScalar(key) ? [key.value] : []));
			isFound ||= new Set(keys).size < keys.length;
		},
	});
	return isFound;
}
