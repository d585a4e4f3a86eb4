/** Reads YAML and JSON that a person gives us, and says what is wrong with it and where. */
import {
	type Document,
	isMap,
	isScalar,
	LineCounter,
	parseAllDocuments,
	type Scalar,
	visit,
	type YAMLParseError,
} from 'yaml';

/** A text that cannot be used. The message is for the caller; line and column count from 1. */
export class UnusableText extends Error {
	readonly line: number;
	readonly column: number;
	constructor(message: string, line: number, column: number) {
		super(message);
		this.line = line;
		this.column = column;
	}
}

/** The error that names the place at `offset`. */
export type At = (offset: number, message: string) => UnusableText;

/** A line that begins with an action of a template, or a value that is one and not quoted. */
const TEMPLATE = /^[^\S\r\n]*\{\{|: +\{\{/m;
const NOT_RENDERED = 'looks like a Helm template that is not rendered; render it first with `helm template`';
const TOO_DEEP = 'nested too deeply for Kubernetes; leave that part out';

/** The parser takes seconds for some thousand brackets, a gigabyte for a million, and finds out only in the end. */
export const DEEP = /(?:[[{]\s*){500}/;

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

/** The documents in `text`, all of them valid; their places are places in `text`. Throws UnusableText. */
export function readDocuments(text: string): { readonly documents: readonly Document[]; readonly at: At } {
	const lineCounter = new LineCounter();
	const at: At = (offset, message) => {
		const { line, col } = lineCounter.linePos(offset);
		return new UnusableText(message, line, col);
	};
	const deep = text.search(DEEP);
	if (deep !== -1) {
		const before = text.slice(0, deep).split('\n');
		throw new UnusableText(TOO_DEEP, before.length, (before.at(-1) ?? '').length + 1);
	}
	const options = { lineCounter, prettyErrors: false, logLevel: 'error', uniqueKeys: false } as const;
	const documents = withoutStacks(() => parseAllDocuments(text, options));
	const isTemplate = TEMPLATE.test(text);
	const error: YAMLParseError | undefined = documents.flatMap(({ errors }) => errors)[0];
	if (error !== undefined) throw at(error.pos[0], problemOf(error, isTemplate));
	for (const document of documents) refuseRepeated(document, at);
	if (isTemplate) for (const document of documents) refuseAction(document, at);
	return { documents, at };
}

function problemOf({ code, message }: YAMLParseError, isTemplate: boolean): string {
	if (code === 'RESOURCE_EXHAUSTION') return TOO_DEEP;
	return isTemplate ? NOT_RENDERED : `not valid YAML or JSON: ${message.split('\n')[0]}`;
}

/** The first key that stands twice in one mapping. The parser compares every key with every other to find it; this does not. */
export function repeatedKeyIn(document: Document): Scalar | undefined {
	let repeated: Scalar | undefined;
	visit(document, {
		Map: (_, { items }) => {
			const seen = new Set<unknown>();
			for (const { key } of items) {
				if (!isScalar(key)) continue;
				if (seen.has(key.value)) {
					repeated = key;
					return visit.BREAK;
				}
				seen.add(key.value);
			}
			return undefined;
		},
	});
	return repeated;
}

function refuseRepeated(document: Document, at: At): void {
	const key = repeatedKeyIn(document);
	if (key !== undefined) throw at(key.range?.[0] ?? 0, 'not valid YAML or JSON: Map keys must be unique');
}

/** `{{ .Values.name }}` is valid YAML: a mapping whose key is a mapping, which JSON cannot have. */
function refuseAction(document: Document, at: At): void {
	visit(document, {
		Pair: (_, { key }) => {
			if (isMap(key)) throw at(key.range?.[0] ?? 0, NOT_RENDERED);
		},
	});
}

/** The document as plain JSON, its aliases written out. */
export function contentOf(document: Document, at: At): unknown {
	try {
		return JSON.parse(JSON.stringify(document.toJS()));
	} catch (error) {
		let offset = 0;
		visit(document, {
			Alias: (_, alias) => {
				offset = alias.range?.[0] ?? 0;
				return alias.resolve(document) === undefined ? visit.BREAK : undefined;
			},
		});
		throw at(offset, `aliases cannot be followed: ${(error as Error).message}; write them out first`);
	}
}
