/**
 * Adds to a YAML or JSON text and leaves every byte that was there as it is: `yaml` finds the places, the splices are ours. Its
 * own printer folds and quotes anew, and would turn ten added lines into a hundred changed ones.
 */
import {
	type Document,
	isAlias,
	isCollection,
	isMap,
	isPair,
	isSeq,
	stringify,
	visit,
	type YAMLMap,
	type YAMLSeq,
} from 'yaml';
import type { Addition, Path } from './crd.ts';

export interface Splice {
	readonly offset: number;
	readonly text: string;
}

/** How the document at hand is written. */
interface Style {
	/** Blanks per level. */
	readonly indent: number;
	/** Whether the dashes of a list stand deeper than its key. */
	readonly indentSeq: boolean;
	readonly lineBreak: string;
}

const USUAL_INDENT = 2;

/** Where in `text`, of which `document` was read, which text has to go for `additions`. What they go to exists. */
export function splicesFor(text: string, document: Document, additions: readonly Addition[]): Splice[] {
	const style = styleOf(text, document);
	const done = new Map<unknown, Set<string>>();
	return additions.flatMap((addition) => {
		const target = nodeAt(document, addition.path);
		// Two versions may share one schema by an alias.
		const what = JSON.stringify([addition.key, addition.value]);
		const before = done.get(target) ?? new Set();
		if (before.has(what)) return [];
		// What comes second into empty brackets stands at the same place as the first, behind it.
		const isBehind = isCollection(target) && target.items.length === 0 && before.size > 0;
		const joined = (splice: Splice): Splice[] => [isBehind ? { ...splice, text: `, ${splice.text}` } : splice];
		done.set(target, before.add(what));
		if (isMap(target) && addition.key !== undefined)
			return joined(intoMap(text, target, addition.key, addition.value, style));
		if (isSeq(target)) return joined(intoSeq(text, target, addition.value, style));
		throw new Error(`nothing can be added to ${addition.path.join('.')}`);
	});
}

/** `text` with the splices in it, those of one place in their order. */
export function withSplices(text: string, splices: readonly Splice[]): string {
	const sorted = splices.toSorted((a, b) => a.offset - b.offset);
	const parts = sorted.map(
		({ offset, text: added }, index) => text.slice(sorted[index - 1]?.offset ?? 0, offset) + added,
	);
	return parts.join('') + text.slice(sorted.at(-1)?.offset ?? 0);
}

/** The node at `path`, aliases followed; undefined where there is none. */
export function nodeAt(document: Document, path: Path): unknown {
	const follow = (node: unknown): unknown => (isAlias(node) ? node.resolve(document) : node);
	return path.reduce<unknown>(
		(node, step) => follow(isCollection(node) ? node.get(step, true) : undefined),
		follow(document.contents),
	);
}

function intoMap(text: string, map: YAMLMap, key: string, value: unknown, style: Style): Splice {
	const keys = map.items.map((pair) => String(pair.key));
	const isSorted = keys.every((one, index) => index === 0 || (keys[index - 1] as string) <= one);
	// Never in front of the first: a comment there would be torn from it.
	const after = isSorted ? Math.max(1, keys.filter((one) => one < key).length) : keys.length;
	const neighbour = map.items[after - 1];
	if (map.flow === true || neighbour === undefined) return intoFlow(text, map, neighbour, JSON.stringify(key), value);
	const added = stringify({ [key]: value }, printerOptions(style, isSorted));
	return belowLine(text, contentEnd(neighbour), added, indentAt(text, startOf(map)), style.lineBreak);
}

function intoSeq(text: string, seq: YAMLSeq, value: unknown, style: Style): Splice {
	const last = seq.items.at(-1);
	if (seq.flow === true || last === undefined) return intoFlow(text, seq, last, undefined, value);
	const added = stringify([value], printerOptions(style, false));
	return belowLine(text, contentEnd(last), added, indentAt(text, startOf(seq)), style.lineBreak);
}

const printerOptions = ({ indent, indentSeq }: Style, sortMapEntries: boolean) =>
	({ indent, indentSeq, sortMapEntries, lineWidth: 0, aliasDuplicateObjects: false }) as const;

/** Whole lines, below the one on which something ended at `end`. */
function belowLine(text: string, end: number, added: string, indent: string, lineBreak: string): Splice {
	const lines = added
		.trimEnd()
		.split('\n')
		.map((line) => indent + line)
		.join(lineBreak);
	if (text[end - 1] === '\n') return { offset: end, text: lines + lineBreak };
	const lineEnd = text.indexOf('\n', end);
	if (lineEnd === -1) return { offset: text.length, text: lineBreak + lines };
	return { offset: lineEnd + 1, text: lines + lineBreak };
}

/** Behind `neighbour` between brackets, on lines of its own where the neighbour has one. As JSON, which YAML is too. */
function intoFlow(
	text: string,
	inside: YAMLMap | YAMLSeq,
	neighbour: unknown,
	key: string | undefined,
	value: unknown,
): Splice {
	const name = key === undefined ? '' : `${key}: `;
	if (neighbour === undefined) return { offset: startOf(inside) + 1, text: name + JSON.stringify(value) };
	const offset = contentEnd(neighbour);
	const first = startOf(inside.items[0]);
	const indent = indentAt(text, first);
	if (lineStart(text, first) + indent.length !== first) return { offset, text: `, ${name}${JSON.stringify(value)}` };
	const outer = indentAt(text, startOf(inside));
	const unit = indent.startsWith(outer) ? indent.slice(outer.length) : indent;
	const lineBreak = text[lineStart(text, first) - 2] === '\r' ? '\r\n' : '\n';
	const lines = `${name}${JSON.stringify(value, null, unit)}`.replaceAll('\n', lineBreak + indent);
	return { offset, text: `,${lineBreak}${indent}${lines}` };
}

function styleOf(text: string, document: Document): Style {
	const start = document.range?.[0] ?? 0;
	const firstBreak = text.indexOf('\n', start);
	let indent: number | undefined;
	let indentSeq: boolean | undefined;
	visit(document, {
		Pair: (_, { key, value }) => {
			if (!isCollection(value) || value.flow === true) return undefined;
			const deeper = indentAt(text, startOf(value)).length - indentAt(text, startOf(key)).length;
			if (isMap(value) && deeper > 0) indent ??= deeper;
			// On the line of a list's item the key stands behind a dash.
			if (isSeq(value) && lineStart(text, startOf(key)) + indentAt(text, startOf(key)).length === startOf(key)) {
				indentSeq ??= deeper > 0;
			}
			return indent === undefined || indentSeq === undefined ? undefined : visit.BREAK;
		},
	});
	return {
		indent: indent ?? USUAL_INDENT,
		indentSeq: indentSeq ?? false,
		lineBreak: text[firstBreak - 1] === '\r' ? '\r\n' : '\n',
	};
}

interface Placed {
	readonly range?: readonly [start: number, contentEnd: number, end: number] | null;
}

const startOf = (node: unknown): number => (isPair(node) ? startOf(node.key) : ((node as Placed).range?.[0] ?? 0));

/** Behind the last character that counts: what `yaml` says of a block ends only where the next thing begins. */
function contentEnd(node: unknown): number {
	if (isPair(node)) return contentEnd(node.value ?? node.key);
	if (isCollection(node) && node.flow !== true && node.items.length > 0) return contentEnd(node.items.at(-1));
	return (node as Placed).range?.[1] ?? 0;
}

const lineStart = (text: string, offset: number): number => text.lastIndexOf('\n', offset - 1) + 1;

/** The blanks at the beginning of the line. */
const indentAt = (text: string, offset: number): string => {
	const line = text.slice(lineStart(text, offset), offset);
	return /^[ \t]*/.exec(line)?.[0] ?? '';
};
