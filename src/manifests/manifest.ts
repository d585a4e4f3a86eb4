/** Extracts the Kubernetes objects of a document, with line numbers. */
import { isKind, isOfToolhive } from '../api/names.ts';
import { isObject, type Json, metadataOf } from '../api/types.ts';
import type { Path } from '../objects/crd.ts';
import { textOf } from '../objects/metadata.ts';
import type { Source } from './documents.ts';
import { NotJson, parseJson } from './json.ts';
import { broken, mentionsToolhive, NOT_RENDERED, type Problem, type Skipped } from './problem.ts';
import { type Parsed, roundedOf, Unparsable } from './values.ts';
import { parseYaml } from './yaml.ts';

export interface Manifest {
	readonly file: string;
	/** The first line of the object, from 1. */
	readonly line: number;
	/** The object as a webhook receives it: whole numbers beyond 2^53 are rounded. */
	readonly object: Json;
	/** The object with bigints, which keep every digit. */
	readonly exact: Json;
	/**
	 * Returns the line of a field such as `spec.sessionStorage.address`, or of its nearest parent if the field is
	 * missing.
	 */
	readonly lineOf: (field: string) => number;
}

/** Returns the object of a document, the items of a List, or the reason why there is no object. */
export function manifestsOf(source: Source): (Manifest | Problem | Skipped)[] {
	const { file, line } = source;
	try {
		const parsed = parsedOf(source);
		if (parsed === undefined) return [];
		const lineAt = (path: Path): number => line - 1 + parsed.lineOf(path);
		return objectsIn(parsed.value, []).map(({ value, path }) => {
			if (!isManifest(value)) return { file, line: lineAt(path), skipped: whyNot(value) ?? NO_MANIFEST };
			const reason = nameProblem(value);
			if (reason !== undefined) return { file, line: lineAt(path), ...reason };
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
		return [broken({ file, ...at, problem: error.message }, mentionsToolhive(source.text))];
	}
}

/** Like kubectl, accepts YAML that begins like JSON, for example with a comma before a closing brace. */
function parsedOf({ text, format }: Source): Parsed | undefined {
	if (format === 'yaml') return parseYaml(text);
	try {
		return parseJson(text);
	} catch (error) {
		if (!(error instanceof NotJson)) throw error;
		try {
			return parseYaml(text);
		} catch {
			throw error;
		}
	}
}

export const NO_MANIFEST = 'no apiVersion and kind at the top level, so this is not a Kubernetes manifest';

/** Reports the line of the first key, not of the comments above it. */
const firstKey = (value: Json): Path => Object.keys(value).slice(0, 1);

interface Placed {
	readonly value: unknown;
	readonly path: Path;
}

function objectsIn(value: unknown, path: Path): Placed[] {
	if (!isManifest(value) || !isList(value)) return [{ value, path }];
	const { items } = value;
	if (items === undefined || items === null) return [];
	if (!Array.isArray(items)) return [{ value: items, path: [...path, 'items'] }];
	return items.flatMap((item, index) => objectsIn(withTypeOf(value, item), [...path, 'items', index]));
}

/** Whether the object is a `List`, or a typed list from an API server, whose items may lack kind and apiVersion. */
const isList = (object: Json): boolean => {
	const { kind, items } = object;
	if (Array.isArray(items)) return true;
	// The kind of another API may also end in List, but its objects have names.
	const isNamed = metadataOf(object)['name'] !== undefined;
	return typeof kind === 'string' && kind.endsWith('List') && !isNamed && (items ?? null) === null;
};

function withTypeOf({ kind, apiVersion }: Json, item: unknown): unknown {
	if (!isObject(item) || item['kind'] !== undefined || kind === 'List') return item;
	return { apiVersion, kind: textOf(kind)?.replace(/List$/, ''), ...item };
}

const isManifest = (value: unknown): value is Json => whyNot(value) === undefined;

/**
 * Returns why the value is not a manifest. Checks only the top level, because the values of a chart may contain whole
 * objects.
 */
function whyNot(value: unknown): string | undefined {
	if (!isObject(value)) return `${Array.isArray(value) ? 'a list' : 'a plain value'} is not a Kubernetes manifest`;
	const { kind, apiVersion } = value;
	if (textOf(apiVersion)?.startsWith('kustomize.config.k8s.io/'))
		return `this file is input for kustomize; ${REVIEW_OUTPUT}`;
	return [kind, apiVersion].every((one) => typeof one === 'string' && one !== '') ? undefined : NO_MANIFEST;
}

const REVIEW_OUTPUT = 'review the output of `kubectl kustomize`';

/** Returns what is wrong with an object's name, if anything. Checks only objects that the webhooks change. */
function nameProblem(value: Json): Pick<Problem, 'problem'> | Pick<Skipped, 'skipped' | 'isNameless'> | undefined {
	if (!isOfServer(value)) return undefined;
	const { name, generateName } = metadataOf(value);
	const isMissing = `${value['kind']} without a name: metadata.name must be a string`;
	if (typeof name === 'number' || typeof name === 'boolean')
		return { problem: `${isMissing}; put quotes around the name` };
	if (textOf(name)?.includes('{{')) return { problem: NOT_RENDERED };
	if (typeof name === 'string' || typeof generateName === 'string') return undefined;
	return { skipped: `${isMissing}; if this is a patch for kustomize, ${REVIEW_OUTPUT}`, isNameless: true };
}

/** Whether the object is a server, or is owned by one. */
const isOfServer = (object: Json): boolean => {
	const { ownerReferences } = metadataOf(object);
	return isServer(object) || (Array.isArray(ownerReferences) && ownerReferences.some(isServer));
};

const isServer = (value: unknown): boolean =>
	isObject(value) && isKind(value['kind']) && isOfToolhive(value['apiVersion']);

/**
 * Returns the keys of a path such as `metadata.annotations[toolhive-scaling/ignore]`. A key in brackets may contain
 * dots.
 */
const stepsOf = (field: string): string[] =>
	[...field.matchAll(/\[([^[\]]*)\]|([^.[\]]+)/g)].map(([, inBrackets, plain]) => inBrackets ?? plain ?? '');
