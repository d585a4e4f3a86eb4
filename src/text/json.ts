/**
 * Applies a JSON merge patch (RFC 7396) to the text of a JSON object and leaves the rest of the text unchanged. The
 * editor of `jsonc-parser` is not used: it reformats whole lines and parses the text again for each key.
 */
import { type Node, parseTree } from 'jsonc-parser';
import { isObject, type Json } from '../api/types.ts';

/**
 * The limit in UTF-16 units. Operators write far shorter texts, and a text of this length still takes only
 * milliseconds.
 */
const LONGEST_TEXT = 512 * 1024;

/** Returns undefined if `text` is not a JSON object, or too long. */
export function parseJsonObject(text: string): Json | undefined {
	if (text.length > LONGEST_TEXT) return undefined;
	try {
		const value: unknown = JSON.parse(text);
		return isObject(value) ? value : undefined;
	} catch {
		return undefined;
	}
}

interface Splice {
	readonly start: number;
	readonly end: number;
	readonly added: string;
}

/**
 * Returns `text` with `patch`: null removes a key, an object changes an object, and any other value replaces the
 * existing value. New keys are added last, in the style of their neighbours. If a key is repeated, its last occurrence
 * counts. Returns undefined if `text` cannot be parsed or is nested too deeply.
 */
export function mergeJson(text: string, patch: Json): string | undefined {
	const root = parseNode(text);
	if (root === undefined) return undefined;
	const first = root.children?.[0];
	const unit = first === undefined ? undefined : indentBefore(text, first)?.replace(/^\r?\n/, '');
	return splicesFor(text, root, patch, unit, '\n')
		.toSorted((a, b) => b.start - a.start || b.end - a.end)
		.reduce((whole, { start, end, added }) => whole.slice(0, start) + added + whole.slice(end), text);
}

function parseNode(text: string): Node | undefined {
	try {
		return parseTree(text);
	} catch (error) {
		if (error instanceof RangeError) return undefined;
		throw error;
	}
}

/**
 * Returns the changes for the object `node`. `outer` is the line break and indent before its closing brace, if the
 * brace is the first character of its line.
 */
function splicesFor(text: string, node: Node, patch: Json, unit?: string, outer?: string): Splice[] {
	const properties = node.children ?? [];
	const find = (key: string): Node | undefined => properties.findLast((one) => keyOf(one).value === key);
	const changes = Object.entries(patch).map(([key, value]) => ({ key, value, property: find(key) }));
	const removed = new Set(changes.map(({ value, property }) => (value === null ? property : undefined)));
	const replaced = changes.flatMap(({ value, property }): Splice[] => {
		if (value === null || property === undefined) return [];
		const now = valueIn(property);
		const indent = indentBefore(text, property);
		if (isObject(value) && now.type === 'object') return splicesFor(text, now, value, unit, indent);
		return [{ start: now.offset, end: endOf(now), added: render(value, indent, unit) }];
	});
	const added = changes.filter(({ value, property }) => value !== null && property === undefined);
	const last = properties.findLast((one) => !removed.has(one));
	if (last !== undefined) {
		const indent = indentBefore(text, last);
		const colon = text.slice(endOf(keyOf(last)), valueIn(last).offset);
		const entries = added.map(
			({ key, value }) => `,${indent ?? ''}${JSON.stringify(key)}${colon}${render(value, indent, unit)}`,
		);
		const end = endOf(last);
		return [...replaced, ...removals(properties, removed), { start: end, end, added: entries.join('') }];
	}
	if (added.length === 0 && properties.length === 0) return [];
	const inner = unit === undefined || outer === undefined ? undefined : outer + unit;
	const entries = added.map(
		({ key, value }) =>
			`${inner ?? ''}${JSON.stringify(key)}${inner === undefined ? ':' : ': '}${render(value, inner, unit)}`,
	);
	const tail = inner === undefined || added.length === 0 ? '' : outer;
	return [{ start: node.offset + 1, end: endOf(node) - 1, added: entries.join(',') + tail }];
}

/**
 * Returns the range of each property with one comma: the comma before it, or the one after it if no earlier property is
 * kept.
 */
function removals(properties: readonly Node[], removed: ReadonlySet<Node | undefined>): Splice[] {
	const first = properties.findIndex((one) => !removed.has(one));
	return properties.flatMap((property, index): Splice[] => {
		if (!removed.has(property)) return [];
		const [previous, next] = [properties[index - 1], properties[index + 1]];
		if (index < first) return [{ start: property.offset, end: next?.offset ?? endOf(property), added: '' }];
		return [{ start: previous === undefined ? property.offset : endOf(previous), end: endOf(property), added: '' }];
	});
}

const keyOf = ({ children }: Node): Node => children?.[0] as Node;
const valueIn = ({ children }: Node): Node => children?.[1] as Node;
const endOf = ({ offset, length }: Node): number => offset + length;

/** Returns the line break and blanks before a property, or undefined if it does not begin its line. */
function indentBefore(text: string, { offset }: Node): string | undefined {
	let start = offset;
	while (start > 0 && /\s/.test(text[start - 1] ?? '')) start -= 1;
	const blanks = text.slice(start, offset);
	if (!blanks.includes('\n')) return undefined;
	return blanks.slice(blanks.lastIndexOf('\r\n') === -1 ? blanks.lastIndexOf('\n') : 0);
}

function render(value: unknown, indent: string | undefined, unit: string | undefined): string {
	const plain = indent === undefined || unit === undefined ? JSON.stringify(value) : JSON.stringify(value, null, unit);
	return escapeAsGo(indent === undefined ? plain : plain.replaceAll('\n', indent));
}

/** Escapes as Go's encoding/json does in strings. Outside of strings, JSON does not have these characters. */
const escapeAsGo = (json: string): string =>
	json.replace(/[<>&\u2028\u2029]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
