/**
 * ToolHive's own CustomResourceDefinitions: which of the scaling fields they lack. A CRD without them prunes them before any
 * webhook runs. What is there stays as it is, also where it differs from ours: it may be newer.
 */
import { GROUP, isKind, type Kind } from '../toolhive/names.ts';
import { type CelRule, SCALING_FIELDS, type Schema } from '../toolhive/schema.ts';
import { isObject, type Json } from '../toolhive/types.ts';

export type Path = readonly (string | number)[];

/** Something to add to what stands at `path`: under `key` to an object, without one at the end of a list. */
export interface Addition {
	readonly path: Path;
	readonly key?: string;
	readonly value: unknown;
}

/** What one version of a CRD lacks. */
export interface Lack {
	readonly version: string;
	/** In words a person knows, `spec.replicas`. */
	readonly fields: readonly string[];
	readonly additions: readonly Addition[];
}

/** A CRD of ours that cannot get the fields; `path` leads to what is wrong with it. */
export class UnusableCrd extends Error {
	readonly path: Path;
	constructor(message: string, path: Path) {
		super(message);
		this.path = path;
	}
}

const API_VERSION = 'apiextensions.k8s.io/v1';
const PRESERVE = 'x-kubernetes-preserve-unknown-fields';
const RULES = 'x-kubernetes-validations';
const MERGE_KEY = '<<';

export const CRD_KIND = 'CustomResourceDefinition';

/** The kind of server that `object` defines; undefined where it is something else. */
export function definedKindOf(object: unknown): Kind | undefined {
	if (!isObject(object) || object['kind'] !== CRD_KIND || !isObject(object['spec'])) return undefined;
	const { group, names } = object['spec'];
	const kind = isObject(names) ? names['kind'] : undefined;
	return group === GROUP && isKind(kind) ? kind : undefined;
}

/** What each version of `crd`, which defines `kind`, lacks; only those that lack something. Throws UnusableCrd. */
export function lacksOf(crd: Json, kind: Kind): Lack[] {
	if (crd['apiVersion'] !== API_VERSION) {
		throw new UnusableCrd(
			`the CRD of ${kind} is ${JSON.stringify(crd['apiVersion'])}, and since Kubernetes 1.22 only ${API_VERSION} is served; take the CRD of a ToolHive release`,
			['apiVersion'],
		);
	}
	const versions = (crd['spec'] as Json)['versions'];
	if (!Array.isArray(versions) || versions.length === 0) {
		throw new UnusableCrd(`the CRD of ${kind} has no list of versions in spec.versions`, ['spec']);
	}
	return versions.flatMap((version, index) => {
		const lack = lackOf(version, kind, ['spec', 'versions', index]);
		return lack.additions.length > 0 ? [lack] : [];
	});
}

function lackOf(version: unknown, kind: Kind, path: Path): Lack {
	const name = isObject(version) && typeof version['name'] === 'string' ? version['name'] : 'without a name';
	const schema = isObject(version) ? version['schema'] : undefined;
	const root = isObject(schema) ? schema['openAPIV3Schema'] : undefined;
	if (!isObject(root)) {
		throw new UnusableCrd(
			`version ${name} of the CRD of ${kind} has no schema.openAPIV3Schema to add fields to; take the CRD of a ToolHive release`,
			path,
		);
	}
	const spec: Schema = {
		type: 'object',
		properties: SCALING_FIELDS[kind],
		// A property that is declared no longer has what its parent says of unknown fields.
		...(root[PRESERVE] === true && { [PRESERVE]: true }),
	};
	const missing = missingFrom(
		root,
		{ type: 'object', properties: { spec } },
		[...path, 'schema', 'openAPIV3Schema'],
		'',
	);
	return {
		version: name,
		fields: missing.flatMap(({ fields }) => fields),
		additions: missing.map(({ addition }) => addition),
	};
}

interface Missing {
	readonly fields: readonly string[];
	readonly addition: Addition;
}

/** What `schema` lacks of `wanted`, the rules and properties of both gone through together. */
function missingFrom(schema: Json, wanted: Schema, path: Path, name: string): Missing[] {
	if (schema['type'] !== undefined && schema['type'] !== wanted.type) {
		throw new UnusableCrd(
			`${name} is of type ${JSON.stringify(schema['type'])}, not ${wanted.type}; take the CRD of a ToolHive release`,
			[...path, 'type'],
		);
	}
	refuseMergeKey(schema, path);
	return [
		...missingProperties(schema, wanted.properties ?? {}, path, name),
		...missingRules(schema, wanted, path, name),
	];
}

function missingProperties(
	schema: Json,
	wanted: NonNullable<Schema['properties']>,
	path: Path,
	name: string,
): Missing[] {
	const nameOf = (key: string): string => (name === '' ? key : `${name}.${key}`);
	const existing = schema['properties'];
	if (existing === undefined) {
		const fields = Object.keys(wanted).map(nameOf);
		return [{ fields, addition: { path, key: 'properties', value: wanted } }];
	}
	const inside = [...path, 'properties'];
	if (!isObject(existing)) throw notAnObject(inside);
	refuseMergeKey(existing, inside);
	return Object.entries(wanted).flatMap(([key, value]): Missing[] => {
		if (!Object.hasOwn(existing, key)) return [{ fields: [nameOf(key)], addition: { path: inside, key, value } }];
		if (value.properties === undefined) return [];
		const property = existing[key];
		if (!isObject(property)) throw notAnObject([...inside, key]);
		return missingFrom(property, value, [...inside, key], nameOf(key));
	});
}

function missingRules(schema: Json, wanted: Schema, path: Path, name: string): Missing[] {
	const rules: readonly CelRule[] = wanted[RULES] ?? [];
	const existing = schema[RULES];
	const fields = [`the rule of ${name}`];
	if (rules.length === 0) return [];
	if (existing === undefined) return [{ fields, addition: { path, key: RULES, value: rules } }];
	const inside = [...path, RULES];
	if (!Array.isArray(existing)) throw new UnusableCrd(`${RULES} is not a list; correct it first`, inside);
	const has = (rule: string): boolean => existing.some((one) => isObject(one) && one['rule'] === rule);
	return rules.filter(({ rule }) => !has(rule)).map((value) => ({ fields, addition: { path: inside, value } }));
}

const notAnObject = (path: Path): UnusableCrd =>
	new UnusableCrd(`${path.at(-1)} is not a mapping; correct it first`, path);

/** What it brings in is not in the text where we would look for it. */
function refuseMergeKey(object: Json, path: Path): void {
	if (!Object.hasOwn(object, MERGE_KEY)) return;
	throw new UnusableCrd('a merge key (<<) hides what is there; write it out first, for example with yq', path);
}
