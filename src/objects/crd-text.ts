/** CRDs as text: our own, and ToolHive's with the scaling fields added. Every byte that was there stays. */
import { type Document, isScalar, stringify, visit } from 'yaml';
import { crdOf } from '../toolhive/crd.ts';
import type { Kind } from '../toolhive/names.ts';
import { isObject, type Json, metadataOf } from '../toolhive/types.ts';
import { type Addition, CRD_KIND, definedKindOf, lacksOf, type Path, UnusableCrd } from './crd.ts';
import { textOf } from './metadata.ts';
import { type At, contentOf, readDocuments, UnusableText } from './yaml-read.ts';
import { nodeAt, splicesFor, withSplices } from './yaml-text.ts';

export interface CompletedText {
	readonly text: string;
	/** CRDs of our three kinds in it. */
	readonly found: number;
	/** One line for every version that got something. */
	readonly notes: readonly string[];
}

/** The CRD of `kind`, as manifests/crds holds it. */
export const crdTextOf = (kind: Kind): string => stringify(crdOf(kind), { lineWidth: 0, aliasDuplicateObjects: false });

/** `text` (YAML, JSON or a List, any number of documents) with what its CRDs of ours lack. Throws UnusableText. */
export function completeCrds(text: string): CompletedText {
	const { documents, at } = readDocuments(text);
	const completed = documents.map((document) => completeDocument(document, at));
	const splices = documents.flatMap((document, index) => splicesFor(text, document, completed[index]?.additions ?? []));
	const result = withSplices(text, splices);
	if (splices.length > 0) prove(result, documents, completed, at);
	return {
		text: result,
		found: completed.reduce((sum, { found }) => sum + found, 0),
		notes: completed.flatMap(({ notes }) => notes),
	};
}

interface CompletedDocument {
	readonly found: number;
	readonly notes: readonly string[];
	readonly additions: readonly Addition[];
	/** What the document must say afterwards; undefined where nothing is added. */
	readonly expected?: unknown;
}

function completeDocument(document: Document, at: At): CompletedDocument {
	const kind = document.contents === null ? undefined : nodeAt(document, ['kind']);
	const named = isScalar(kind) ? String(kind.value) : '';
	// Everything else is never made into objects: it may be large, or made to be.
	if (named !== CRD_KIND && !named.endsWith('List')) return { found: 0, notes: [], additions: [] };
	const content = contentOf(document, at);
	const objects: readonly (readonly [Path, unknown])[] =
		isObject(content) && Array.isArray(content['items'])
			? content['items'].map((item, index) => [['items', index], item] as const)
			: [[[], content]];
	const completed = objects.flatMap(([path, object]) => completeCrd(object, path, document, at) ?? []);
	const additions = completed.flatMap((one) => one.additions);
	const expected = additions.length > 0 ? withAdditions(content, additions) : undefined;
	return { found: completed.length, notes: completed.flatMap(({ notes }) => notes), additions, expected };
}

function completeCrd(object: unknown, path: Path, document: Document, at: At) {
	const kind = definedKindOf(object);
	if (kind === undefined) return undefined;
	const crd = object as Json;
	try {
		const lacks = lacksOf(crd, kind);
		const name = textOf(metadataOf(crd)['name']) ?? kind;
		return {
			notes: lacks.map(({ version, fields }) => `${name} ${version}: added ${fields.join(', ')}`),
			additions: lacks.flatMap(({ additions }) => additions.map((one) => ({ ...one, path: [...path, ...one.path] }))),
		};
	} catch (error) {
		if (error instanceof UnusableCrd) throw at(offsetOf(document, [...path, ...error.path]), error.message);
		throw error;
	}
}

/** A copy of `content` with `additions`. */
function withAdditions(content: unknown, additions: readonly Addition[]): unknown {
	return additions.reduce((whole, { path, key, value }) => {
		const change = (part: unknown, rest: Path): unknown => {
			const [step, ...further] = rest;
			if (step === undefined) {
				return key === undefined ? [...(part as unknown[]), value] : { ...(part as Json), [key]: value };
			}
			if (Array.isArray(part)) return part.map((item, index) => (index === step ? change(item, further) : item));
			return { ...(part as Json), [step]: change((part as Json)[step], further) };
		};
		return change(whole, path);
	}, content);
}

/** Reads the result back. A place that was misjudged, or an alias that leads to more than one, must not get out. */
function prove(result: string, before: readonly Document[], completed: readonly CompletedDocument[], at: At): void {
	const after = readBack(result);
	before.forEach((document, index) => {
		const expected = completed[index]?.expected;
		if (expected === undefined) return;
		const now = after[index];
		if (now !== undefined && isSame(contentOf(now, at), expected)) return;
		throw at(
			document.range?.[0] ?? 0,
			`the fields cannot be added without changing something else; ${hasAliases(document) ? 'write its aliases out first, for example with yq' : 'print it anew first, for example with yq -P, or add them by hand'}`,
		);
	});
}

function hasAliases(document: Document): boolean {
	let isFound = false;
	visit(document, {
		Alias: () => {
			isFound = true;
			return visit.BREAK;
		},
	});
	return isFound;
}

function readBack(text: string): readonly Document[] {
	try {
		return readDocuments(text).documents;
	} catch (error) {
		if (error instanceof UnusableText) return [];
		throw error;
	}
}

function isSame(one: unknown, other: unknown): boolean {
	if (Array.isArray(one) && Array.isArray(other)) {
		return one.length === other.length && one.every((item, index) => isSame(item, other[index]));
	}
	if (!isObject(one) || !isObject(other)) return one === other;
	const keys = Object.keys(one);
	return (
		keys.length === Object.keys(other).length &&
		keys.every((key) => Object.hasOwn(other, key) && isSame(one[key], other[key]))
	);
}

/** Of what stands at `path`, or of the nearest thing around it. */
function offsetOf(document: Document, path: Path): number {
	const node = nodeAt(document, path) as { range?: readonly number[] } | undefined;
	if (node?.range !== undefined || path.length === 0) return node?.range?.[0] ?? 0;
	return offsetOf(document, path.slice(0, -1));
}
