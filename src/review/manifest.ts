/** Objects of Kubernetes as they stand in a file. */
import { textOf } from '../objects/metadata.ts';
import { isObject, type Json, metadataOf } from '../toolhive/types.ts';
import { NotJson, parseJson } from './json.ts';
import { NOT_RENDERED, type Problem } from './problem.ts';
import { LONGEST_YAML, type Source } from './split.ts';
import { type Parsed, type Path, roundedOf, Unparsable } from './values.ts';
import { parseYaml } from './yaml.ts';

export interface Manifest {
	readonly file: string;
	/** Line in which the object begins, from 1. */
	readonly line: number;
	/** As a webhook gets it: whole numbers beyond 2^53 are rounded. */
	readonly object: Json;
	/** The same with every digit: a bigint where a number cannot hold it. */
	readonly exact: Json;
	/** Line of a field such as `spec.sessionStorage.address`; of the nearest thing around it where it is missing. */
	readonly lineOf: (field: string) => number;
}

/** Everything in one document: one object, the items of a List, or what is wrong with it. */
export function manifestsOf(source: Source): (Manifest | Problem)[] {
	const { file, line } = source;
	try {
		const parsed = parsedOf(source);
		if (parsed === undefined) return [];
		const lineAt = (path: Path): number => line - 1 + parsed.lineOf(path);
		return objectsIn(parsed.value, []).map(({ value, path }) => {
			const problem = problemOf(value);
			if (problem !== undefined || !isObject(value)) {
				return { file, line: lineAt(path), problem: problem ?? NO_MANIFEST };
			}
			return {
				file,
				line: lineAt(path.length > 0 ? path : firstKey(value)),
				object: roundedOf(value) as Json,
				exact: value,
				lineOf: (field) => lineAt([...path, ...stepsOf(field)]),
			};
		});
	} catch (error) {
		if (!(error instanceof Unparsable)) throw error;
		const at = error.at === undefined ? { line } : { line: line - 1 + error.at.line, column: error.at.column };
		return [{ file, ...at, problem: error.message }];
	}
}

/** As kubectl does it: what is not quite JSON may still be YAML, such as a comma before a brace. */
function parsedOf({ text, format }: Source): Parsed | undefined {
	if (format === 'yaml') return parseYaml(text);
	try {
		return parseJson(text);
	} catch (error) {
		if (!(error instanceof NotJson) || text.length > LONGEST_YAML) throw error;
		try {
			return parseYaml(text);
		} catch {
			throw error;
		}
	}
}

const KUSTOMIZATION = 'this is for kustomize; review what `kubectl kustomize` makes of it';

export const NO_MANIFEST = 'no apiVersion and kind, so this is no manifest of Kubernetes';

/** The object begins with its first key, not with the comments above it. */
const firstKey = (value: Json): Path => Object.keys(value).slice(0, 1);

interface Placed {
	readonly value: unknown;
	readonly path: Path;
}

function objectsIn(value: unknown, path: Path): Placed[] {
	if (!isObject(value) || !isList(value)) return [{ value, path }];
	const { items } = value;
	if (items === undefined || items === null) return [];
	if (!Array.isArray(items)) return [{ value: items, path: [...path, 'items'] }];
	return items.flatMap((item, index) => objectsIn(withTypeOf(value, item), [...path, 'items', index]));
}

/** `List`, and the typed ones that an API server gives, whose items may leave out what they are. */
const isList = (object: Json): boolean => {
	const { kind, items } = object;
	if (Array.isArray(items)) return true;
	// A kind of somebody else may end so, too; it has a name.
	const isNamed = metadataOf(object)['name'] !== undefined;
	return typeof kind === 'string' && kind.endsWith('List') && !isNamed && (items ?? null) === null;
};

function withTypeOf({ kind, apiVersion }: Json, item: unknown): unknown {
	if (!isObject(item) || item['kind'] !== undefined || kind === 'List') return item;
	return { apiVersion, kind: textOf(kind)?.replace(/List$/, ''), ...item };
}

function problemOf(value: unknown): string | undefined {
	if (!isObject(value)) return `${Array.isArray(value) ? 'a list' : 'a plain value'} is no manifest of Kubernetes`;
	if (![value['kind'], value['apiVersion']].every((one) => typeof one === 'string' && one !== '')) return NO_MANIFEST;
	if (value['kind'] === 'AdmissionReview') return undefined;
	if (String(value['apiVersion']).startsWith('kustomize.config.k8s.io/')) return KUSTOMIZATION;
	const { name, generateName } = metadataOf(value);
	if (typeof name !== 'string' && typeof generateName !== 'string') {
		const found = typeof name === 'number' || typeof name === 'boolean' ? `; ${name} needs quotes to be one` : '';
		return `${value['kind']} without a name: metadata.name must be a text${found}`;
	}
	return textOf(name)?.includes('{{') ? NOT_RENDERED : undefined;
}

/** `metadata.annotations[toolhive-scaling/ignore]` as keys. What stands in brackets may have dots. */
const stepsOf = (field: string): string[] =>
	[...field.matchAll(/\[([^[\]]*)\]|([^.[\]]+)/g)].map(([, inBrackets, plain]) => inBrackets ?? plain ?? '');
