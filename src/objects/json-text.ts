/**
 * Sets and removes one key in the text of a JSON object and leaves every other byte as it is. The text must parse.
 * `jsonc-parser` finds the places; its own editor reformats whole lines, so the few splices are ours.
 */
import { findNodeAtLocation, type Node, parseTree } from 'jsonc-parser';

/** `text` with `path` set to `value`; the objects on the way exist. New keys go last, in the style of their neighbours. */
export function setKey(text: string, path: readonly string[], value: unknown): string {
	const root = rootOf(text);
	const existing = findNodeAtLocation(root, [...path]);
	if (existing !== undefined) {
		const indent = indentBefore(text, existing.parent);
		return splice(text, existing.offset, endOf(existing), render(value, indent, unitOf(text, root)));
	}
	const parent = findNodeAtLocation(root, path.slice(0, -1));
	if (parent?.type !== 'object') throw new Error(`no object at ${path.slice(0, -1).join('.')}`);
	const unit = unitOf(text, root);
	const key = JSON.stringify(path.at(-1));
	const last = parent.children?.at(-1);
	if (last === undefined) {
		const outer = unit === undefined ? undefined : `\n${unit.repeat(path.length - 1)}`;
		const inner = unit === undefined ? undefined : `\n${unit.repeat(path.length)}`;
		const entry = `${inner ?? ''}${key}${unit === undefined ? ':' : ': '}${render(value, inner, unit)}${outer ?? ''}`;
		return splice(text, parent.offset + 1, endOf(parent) - 1, entry);
	}
	const indent = indentBefore(text, last);
	const [lastKey, lastValue] = last.children ?? [];
	const colon = lastKey && lastValue ? text.slice(endOf(lastKey), lastValue.offset) : ':';
	return splice(text, endOf(last), endOf(last), `,${indent ?? ''}${key}${colon}${render(value, indent, unit)}`);
}

/** `text` without the key at `path` and the comma that went with it; `text` itself where there is none. */
export function removeKey(text: string, path: readonly string[]): string {
	const property = findNodeAtLocation(rootOf(text), [...path])?.parent;
	const siblings = property?.parent?.children;
	if (property === undefined || siblings === undefined) return text;
	const index = siblings.indexOf(property);
	const previous = siblings[index - 1];
	const next = siblings[index + 1];
	if (previous !== undefined) return splice(text, endOf(previous), endOf(property), '');
	if (next !== undefined) return splice(text, property.offset, next.offset, '');
	const owner = property.parent as Node;
	return splice(text, owner.offset + 1, endOf(owner) - 1, '');
}

function rootOf(text: string): Node {
	const root = parseTree(text);
	if (root === undefined) throw new Error('not JSON');
	return root;
}

const endOf = (node: Node): number => node.offset + node.length;

const splice = (text: string, start: number, end: number, insert: string): string =>
	text.slice(0, start) + insert + text.slice(end);

/** The line break and blanks in front of a property, undefined where it follows on the same line. */
function indentBefore(text: string, property: Node | undefined): string | undefined {
	if (property === undefined) return undefined;
	const blanks = /\s*$/.exec(text.slice(0, property.offset))?.[0] ?? '';
	return blanks.includes('\n')
		? blanks.slice(blanks.lastIndexOf('\r\n') === -1 ? blanks.lastIndexOf('\n') : 0)
		: undefined;
}

/** One level of indentation, as the first property of the document shows it. */
const unitOf = (text: string, root: Node): string | undefined =>
	indentBefore(text, root.children?.[0])?.replace(/^\r?\n/, '');

function render(value: unknown, indent: string | undefined, unit: string | undefined): string {
	const plain = indent === undefined || unit === undefined ? JSON.stringify(value) : JSON.stringify(value, null, unit);
	return escapeAsGo(indent === undefined ? plain : plain.replaceAll('\n', indent));
}

/** Go's encoding/json escapes these inside strings; they occur nowhere else in JSON. */
const escapeAsGo = (json: string): string =>
	json.replace(/[<>&\u2028\u2029]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
