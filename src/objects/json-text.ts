/**
 * Sets and removes one key in the text of a JSON object and leaves every other byte as it is. The text must parse, so that brackets and
 * quotes are all there is to look at: `jsonc-parser` needed five times as long, and its editor reformats whole lines.
 */

/** A property and its value; all offsets are places in the whole text. */
interface Property {
	readonly key: string;
	readonly offset: number;
	readonly keyEnd: number;
	readonly valueOffset: number;
	readonly end: number;
}

/** An object, from its brace to behind the other one. */
interface Place {
	readonly offset: number;
	readonly end: number;
	readonly properties: readonly Property[];
}

/** `text` with `path` set to `value`; the objects on the way exist. New keys go last, in the style of their neighbours. */
export function setKey(text: string, path: readonly string[], value: unknown): string {
	const root = placeAt(text, []);
	const unit = unitOf(text, root);
	const parent = path.length === 1 ? root : placeAt(text, path.slice(0, -1));
	if (parent === undefined) throw new Error(`no object at ${path.slice(0, -1).join('.')}`);
	const existing = find(parent, path.at(-1));
	if (existing !== undefined) {
		return splice(text, existing.valueOffset, existing.end, render(value, indentBefore(text, existing), unit));
	}
	const key = JSON.stringify(path.at(-1));
	const last = parent.properties.at(-1);
	if (last === undefined) {
		const outer = unit === undefined ? undefined : `\n${unit.repeat(path.length - 1)}`;
		const inner = unit === undefined ? undefined : `\n${unit.repeat(path.length)}`;
		const entry = `${inner ?? ''}${key}${unit === undefined ? ':' : ': '}${render(value, inner, unit)}${outer ?? ''}`;
		return splice(text, parent.offset + 1, parent.end - 1, entry);
	}
	const indent = indentBefore(text, last);
	const colon = text.slice(last.keyEnd, last.valueOffset);
	return splice(text, last.end, last.end, `,${indent ?? ''}${key}${colon}${render(value, indent, unit)}`);
}

/** `text` without the key at `path` and the comma that went with it; `text` itself where there is none. */
export function removeKey(text: string, path: readonly string[]): string {
	const parent = placeAt(text, path.slice(0, -1));
	const property = parent === undefined ? undefined : find(parent, path.at(-1));
	if (parent === undefined || property === undefined) return text;
	const index = parent.properties.indexOf(property);
	const previous = parent.properties[index - 1];
	const next = parent.properties[index + 1];
	if (previous !== undefined) return splice(text, previous.end, property.end, '');
	if (next !== undefined) return splice(text, property.offset, next.offset, '');
	return splice(text, parent.offset + 1, parent.end - 1, '');
}

/** Of a key that stands twice the last one, as parsers take it. */
const find = ({ properties }: Place, key: string | undefined): Property | undefined =>
	properties.findLast((property) => property.key === key);

/** The object at `path`, undefined where there is none. */
function placeAt(text: string, path: readonly string[]): Place | undefined {
	let place = readPlace(text, 0);
	for (const key of path) {
		const property = place === undefined ? undefined : find(place, key);
		place = property === undefined ? undefined : readPlace(text.slice(0, property.end), property.valueOffset);
	}
	return place;
}

/** The object that begins at or after `from`, with its own properties only. */
function readPlace(text: string, from: number): Place | undefined {
	const offset = afterBlanks(text, from);
	if (text[offset] !== '{') return undefined;
	const properties: Property[] = [];
	let at = afterBlanks(text, offset + 1);
	while (text[at] !== '}') {
		const keyEnd = afterString(text, at);
		const valueOffset = afterBlanks(text, afterBlanks(text, keyEnd) + ':'.length);
		const end = afterValue(text, valueOffset);
		properties.push({ key: JSON.parse(text.slice(at, keyEnd)), offset: at, keyEnd, valueOffset, end });
		at = afterBlanks(text, end);
		if (text[at] === ',') at = afterBlanks(text, at + ','.length);
	}
	return { offset, end: at + '}'.length, properties };
}

/** Codes, because a walk over a large text by characters takes three times as long. */
const QUOTE = 0x22;
const [SPACE, TAB, LINE_FEED, RETURN] = [0x20, 0x09, 0x0a, 0x0d];
const [BRACE, END_BRACE, BRACKET, END_BRACKET] = [0x7b, 0x7d, 0x5b, 0x5d];

function afterBlanks(text: string, from: number): number {
	for (let at = from; ; at += 1) {
		const code = text.charCodeAt(at);
		if (code !== SPACE && code !== LINE_FEED && code !== RETURN && code !== TAB) return at;
	}
}

function afterString(text: string, at: number): number {
	let end = text.indexOf('"', at + 1);
	while (isEscaped(text, end)) end = text.indexOf('"', end + 1);
	return end + 1;
}

/** Behind an odd number of backslashes. */
function isEscaped(text: string, at: number): boolean {
	let start = at;
	while (text[start - 1] === '\\') start -= 1;
	return (at - start) % 2 === 1;
}

/** Brackets are counted, so depth is no matter. */
function afterValue(text: string, from: number): number {
	let depth = 0;
	let at = from;
	do {
		const code = text.charCodeAt(at);
		if (code === QUOTE) at = afterString(text, at);
		else if (code === BRACE || code === BRACKET) depth += 1;
		else if (code === END_BRACE || code === END_BRACKET) depth -= 1;
		else if (depth === 0) return afterLiteral(text, at);
		if (code !== QUOTE) at += 1;
	} while (depth > 0);
	return at;
}

/** A number, `true`, `false` or `null`. */
function afterLiteral(text: string, from: number): number {
	let at = from;
	while (/[\w.+-]/.test(text[at] ?? '')) at += 1;
	return at;
}

const splice = (text: string, start: number, end: number, insert: string): string =>
	text.slice(0, start) + insert + text.slice(end);

/** The line break and blanks in front of a property, undefined where it follows on the same line. */
function indentBefore(text: string, property: Property): string | undefined {
	let start = property.offset;
	while (start > 0 && /\s/.test(text[start - 1] ?? '')) start -= 1;
	const blanks = text.slice(start, property.offset);
	if (!blanks.includes('\n')) return undefined;
	return blanks.slice(blanks.lastIndexOf('\r\n') === -1 ? blanks.lastIndexOf('\n') : 0);
}

/** One level of indentation, as the first property of the document shows it. */
function unitOf(text: string, root: Place | undefined): string | undefined {
	const first = root?.properties[0];
	return first === undefined ? undefined : indentBefore(text, first)?.replace(/^\r?\n/, '');
}

function render(value: unknown, indent: string | undefined, unit: string | undefined): string {
	const plain = indent === undefined || unit === undefined ? JSON.stringify(value) : JSON.stringify(value, null, unit);
	return escapeAsGo(indent === undefined ? plain : plain.replaceAll('\n', indent));
}

/** Go's encoding/json escapes these inside strings; they occur nowhere else in JSON. */
const escapeAsGo = (json: string): string =>
	json.replace(/[<>&\u2028\u2029]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
