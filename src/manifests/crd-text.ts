/** CRDs as text: the minimal CRDs, and ToolHive's CRDs with the scaling fields added. Every existing byte stays. */
import { isDeepStrictEqual } from 'node:util';
import { stringify } from 'yaml';
import { crdOf } from '../api/crd.ts';
import type { Kind } from '../api/names.ts';
import { isObject, type Json, metadataOf } from '../api/types.ts';
import type { Path } from '../objects/crd.ts';
import { type Addition, definedKindOf, missingFields, UnusableCrd } from '../objects/crd.ts';
import { textOf } from '../objects/metadata.ts';
import { documentsIn } from './documents.ts';
import { insert } from './insert.ts';
import { isUnreviewed, textOfProblem } from './problem.ts';
import { Unparsable } from './values.ts';
import { type ParsedYaml, parseYaml } from './yaml.ts';

export interface CompletedText {
	readonly text: string;
	/** The number of CRDs of ToolHive's three kinds. */
	readonly found: number;
	/** One line for each changed version of a CRD. */
	readonly notes: readonly string[];
}

/** Returns the CRD of `kind`, as in manifests/crds. */
export const crdTextOf = (kind: Kind): string => stringify(crdOf(kind), { lineWidth: 0, aliasDuplicateObjects: false });

/** Returns `text` (YAML, JSON or a List, any number of documents) with the missing fields added. Throws Unparsable. */
export function completeCrds(text: string): CompletedText {
	const parts: string[] = [];
	const notes: string[] = [];
	let found = 0;
	let done = 0;
	for (const one of documentsIn('', text)) {
		if (isUnreviewed(one)) throw new Unparsable(textOfProblem(one), { line: one.line ?? 1, column: 1 });
		const end = one.offset + one.text.length;
		const completed = completeDocument(text.slice(one.offset, end), one.line);
		parts.push(text.slice(done, one.offset), completed.text);
		notes.push(...completed.notes);
		found += completed.found;
		done = end;
	}
	return { text: parts.join('') + text.slice(done), found, notes };
}

/** Completes one document, which begins at `line`. */
function completeDocument(text: string, line: number): CompletedText {
	try {
		const parsed = parseYaml(text);
		if (parsed === undefined) return { text, found: 0, notes: [] };
		const { value } = parsed;
		const items = isObject(value) && Array.isArray(value['items']) ? value['items'] : undefined;
		const objects =
			items === undefined
				? [{ object: value, path: [] }]
				: items.map((object: unknown, index) => ({ object, path: ['items', index] }));
		const crds = objects.map(({ object, path }) => missingIn(object, path, parsed)).filter((one) => one !== undefined);
		const additions = crds.flat().flatMap((one) => one.additions);
		return {
			text: additions.length === 0 ? text : withAdditions(text, parsed, additions),
			found: crds.length,
			notes: crds.flat().map(({ note }) => note),
		};
	} catch (error) {
		if (!(error instanceof Unparsable)) throw error;
		const { line: inText, column } = error.at ?? { line: 1, column: 1 };
		throw new Unparsable(error.message, { line: line - 1 + inText, column });
	}
}

/** Returns the fields to add to one CRD, by version, or undefined if the CRD is not for one of the three kinds. */
function missingIn(object: unknown, path: Path, { positionOf }: ParsedYaml) {
	const kind = definedKindOf(object);
	if (kind === undefined) return undefined;
	const crd = object as Json;
	const name = textOf(metadataOf(crd)['name']) ?? kind;
	try {
		return missingFields(crd, kind).flatMap(({ version, missing }) => {
			const added = missing.flatMap(({ addition, fields }) => (addition ? [{ addition, fields }] : []));
			const note = `${name} ${version}: added ${added.flatMap(({ fields }) => fields).join(', ')}`;
			const additions = added.map(({ addition }): Addition => ({ ...addition, path: [...path, ...addition.path] }));
			return added.length === 0 ? [] : [{ note, additions }];
		});
	} catch (error) {
		if (error instanceof UnusableCrd) throw new Unparsable(error.message, positionOf([...path, ...error.path]));
		throw error;
	}
}

/** Adds the fields and verifies the result, because an alias may add a field in more than one place. */
function withAdditions(
	text: string,
	{ value, document, positionOf }: ParsedYaml,
	additions: readonly Addition[],
): string {
	const expected = structuredClone(value);
	for (const { path, key, value: added } of additions) {
		const place = path.reduce<unknown>((part, step) => (part as Json)[step], expected);
		if (key === undefined) (place as unknown[]).push(added);
		else (place as Record<string, unknown>)[key] = added;
	}
	const result = insert(text, document, additions);
	if (result !== undefined && isDeepStrictEqual(valueIn(result), expected)) return result;
	throw new Unparsable(
		'the fields cannot be added without changing something else; resolve aliases and merge keys and format the file with yq -P, or add the fields by hand',
		positionOf([]),
	);
}

function valueIn(text: string): unknown {
	try {
		return parseYaml(text)?.value;
	} catch {
		return undefined;
	}
}
