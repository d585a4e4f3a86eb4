/**
 * vMCP's `config.yaml`: the section `sessionStorage{provider,address,db,keyPrefix}` (ToolHive pkg/vmcp/config).
 * Turning Redis off removes nothing here: an operator that knows the section writes it itself, and one that does not
 * sends the file without it.
 */
import { type Document, isMap, isNode, isScalar, parseDocument, stringify, visit, YAMLMap } from 'yaml';
import type { RedisFields } from '../policy/run-config.ts';

/** Far above what an operator writes; a YAML parser needs a hundred times the memory of its text. UTF-16 units. */
const LONGEST_TEXT = 64 * 1024;

const SECTION = 'sessionStorage';
/** What ToolHive's own writer indents with. */
const OPERATORS_INDENT = 4;

/** `text` with the section as `redis` says; `text` itself where it already says so; undefined where it is no YAML mapping or too long. */
export function editVmcpConfig(text: string, redis: RedisFields): string | undefined {
	if (text.length > LONGEST_TEXT) return undefined;
	const document = read(text);
	if (!isMap(document?.contents)) return undefined;
	if (says(document, redis)) return text;
	const section = {
		provider: 'redis',
		address: redis.address,
		...(redis.db !== undefined && { db: redis.db }),
		...(redis.keyPrefix !== undefined && { keyPrefix: redis.keyPrefix }),
	};
	const indent = /^( +)\S/m.exec(text)?.[1]?.length ?? OPERATORS_INDENT;
	// YAML 1.1 rules for quoting, because Go's reader knows more words for true than YAML 1.2 does.
	const style = { indent, lineWidth: 0, singleQuote: true, version: '1.1' } as const;
	if (!document.has(SECTION)) {
		const appended = `${text}${text.endsWith('\n') ? '' : '\n'}${stringify({ [SECTION]: section }, style)}`;
		const reread = read(appended);
		if (reread !== undefined && says(reread, redis)) return appended;
	}
	if (!isMap(document.get(SECTION))) document.set(SECTION, emptySection(document));
	for (const key of ['provider', 'address', 'db', 'keyPrefix'] as const) {
		if (Object.hasOwn(section, key)) document.setIn([SECTION, key], (section as Record<string, unknown>)[key]);
		else document.deleteIn([SECTION, key]);
	}
	try {
		return document.toString(style);
	} catch {
		// The printer is who finds out that an alias leads to nothing, or to what the section was.
		return undefined;
	}
}

/** Instead of a null or whatever else stands there, with the comments about that. */
function emptySection(document: Document): YAMLMap {
	const section = new YAMLMap();
	const before = document.get(SECTION, true);
	if (isNode(before)) section.commentBefore = [before.commentBefore, before.comment].filter(Boolean).join('\n') || null;
	return section;
}

/** Whether the operator wrote a Redis section with TLS (ToolHive v0.62.0). */
export function vmcpConfigHasTls(text: string): boolean {
	if (text.length > LONGEST_TEXT) return false;
	const document = read(text);
	return isMap(document?.contents) && isMap(document.get(SECTION)) && isMap(document.getIn([SECTION, 'tls']));
}

/** Undefined where it is no YAML, or a key stands twice. The parser takes seconds to find that out by itself for some thousand keys. */
function read(text: string): Document | undefined {
	const document = withoutStacks(() => parseDocument(text, { prettyErrors: false, uniqueKeys: false }));
	return document.errors.length > 0 || hasRepeatedKey(document) ? undefined : document;
}

/**
 * What `parse` gives. The parser makes an error of every character that does not belong, though one is enough to refuse a text, and most
 * of the time that takes goes into their stacks, which nobody reads.
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

/** The parser compares every key of a mapping with every other to find it. */
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

function says(document: Document, redis: RedisFields): boolean {
	const at = (key: string): unknown => (isMap(document.get(SECTION)) ? document.getIn([SECTION, key]) : undefined);
	return (
		at('provider') === 'redis' &&
		at('address') === redis.address &&
		(at('db') ?? 0) === (redis.db ?? 0) &&
		(at('keyPrefix') ?? '') === (redis.keyPrefix ?? '')
	);
}
