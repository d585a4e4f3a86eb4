/**
 * Inserts values into YAML or JSON text and keeps every existing byte. If the document were printed instead, its
 * descriptions would get other line breaks: in ToolHive's CRD of MCPServer, 843 lines would change for ten added ones.
 */
import { type Document, isAlias, isCollection, isMap, isPair, stringify, type YAMLMap, type YAMLSeq } from 'yaml';
import type { Addition, Path } from '../objects/crd.ts';

/**
 * Returns `text` with `additions`, or undefined if the text has no such parent. `document` must be parsed from `text`.
 */
export function insert(text: string, document: Document, additions: readonly Addition[]): string | undefined {
	// With an alias, two versions may share one schema.
	const places = new Map<YAMLMap | YAMLSeq, Map<string, Addition>>();
	for (const addition of additions) {
		const place = nodeAt(document, addition.path);
		if (!isCollection(place) || isMap(place) !== (addition.key !== undefined)) return undefined;
		const entries = places.get(place as YAMLMap | YAMLSeq) ?? new Map<string, Addition>();
		places.set(place as YAMLMap | YAMLSeq, entries.set(JSON.stringify([addition.key, addition.value]), addition));
	}
	const splices = [...places].flatMap(([place, entries]) =>
		place.flow === true || place.items.length === 0
			? intoBrackets(place, [...entries.values()])
			: [...entries.values()].map((addition) => intoLines(text, place, addition)),
	);
	// Inserts from the end of the text, so that earlier offsets stay valid.
	return splices
		.reverse()
		.toSorted((a, b) => b.offset - a.offset)
		.reduce((whole, { offset, added }) => whole.slice(0, offset) + added + whole.slice(offset), text);
}

interface Splice {
	readonly offset: number;
	readonly added: string;
}

/** Returns the node at `path`. Follows aliases. */
function nodeAt(document: Document, path: Path): unknown {
	const follow = (node: unknown): unknown => (isAlias(node) ? node.resolve(document) : node);
	return path.reduce<unknown>(
		(node, step) => follow(isCollection(node) ? node.get(step, true) : undefined),
		follow(document.contents),
	);
}

/** Inserts JSON at the end of a collection in brackets. */
function intoBrackets(place: YAMLMap | YAMLSeq, additions: readonly Addition[]): Splice {
	const entries = additions.map(
		({ key, value }) => `${key === undefined ? '' : `${JSON.stringify(key)}: `}${JSON.stringify(value)}`,
	);
	const last = place.items.at(-1);
	if (last === undefined) return { offset: startOf(place) + 1, added: entries.join(', ') };
	return { offset: endOf(last), added: ['', ...entries].join(', ') };
}

/** Inserts whole lines. In a mapping with sorted keys the position is the sorted one, else the end. */
function intoLines(text: string, place: YAMLMap | YAMLSeq, { key, value }: Addition): Splice {
	const keys = isMap(place) ? place.items.map((pair) => String(pair.key)) : [];
	const isSorted = key !== undefined && keys.every((one, index) => index === 0 || (keys[index - 1] as string) <= one);
	// Never inserts before the first key, which may have a comment above it.
	const after = isSorted ? Math.max(1, keys.filter((one) => one < key).length) : place.items.length;
	const printed = stringify(key === undefined ? [value] : { [key]: value }, {
		indentSeq: false,
		sortMapEntries: isSorted,
		lineWidth: 0,
		aliasDuplicateObjects: false,
	});
	const start = startOf(place);
	const indent = /^[ \t]*/.exec(text.slice(text.lastIndexOf('\n', start - 1) + 1, start))?.[0] ?? '';
	const lineBreak = text.includes('\r\n') ? '\r\n' : '\n';
	const lines = printed.trimEnd().replaceAll(/^/gm, indent).replaceAll('\n', lineBreak);
	const end = endOf(place.items[after - 1]);
	const next = text[end - 1] === '\n' ? end : text.indexOf('\n', end) + 1;
	return next > 0 ? { offset: next, added: lines + lineBreak } : { offset: text.length, added: lineBreak + lines };
}

interface Placed {
	readonly range?: readonly [start: number, contentEnd: number, end: number] | null;
}

const startOf = (node: unknown): number => (node as Placed).range?.[0] ?? 0;

/** Returns the offset after the last character of the node. `range` of a block node extends to the next node. */
function endOf(node: unknown): number {
	if (isPair(node)) return endOf(node.value ?? node.key);
	if (isCollection(node) && node.flow !== true && node.items.length > 0) return endOf(node.items.at(-1));
	return (node as Placed).range?.[1] ?? 0;
}
