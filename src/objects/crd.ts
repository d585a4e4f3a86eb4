/**
 * Finds the scaling fields that ToolHive's CustomResourceDefinitions lack. The API server prunes fields that a CRD
 * lacks before any webhook runs. An existing field is not changed, even if it differs from the scaling schema, because
 * it may be newer.
 */
import { GROUP, isKind, type Kind } from '../api/names.ts';
import { SCALING_FIELDS, type Schema } from '../api/schema.ts';
import { isObject, type Json } from '../api/types.ts';
import { textOf, valueAt } from './metadata.ts';

export type Path = readonly (string | number)[];

/** A value to add at `path`: to an object under `key`, or without a `key` to the end of a list. */
export interface Addition {
	readonly path: Path;
	readonly key?: string;
	readonly value: unknown;
}

/** A part of the scaling fields that the schema of a version lacks. */
export interface Missing {
	/** A field with another `type` is reported, but has no addition. */
	readonly what: 'field' | 'type' | 'rule';
	/** The fields, such as `spec.replicas`. */
	readonly fields: readonly string[];
	/** Whether the schema preserves unknown fields in that place, so that the API server does not drop the field. */
	readonly isKept: boolean;
	/** Whether it is a rule, or a field with a rule. */
	readonly hasRule: boolean;
	readonly addition?: Addition;
}

export interface MissingInVersion {
	readonly version: string;
	readonly missing: readonly Missing[];
}

/** The CRD cannot be extended, because of the value at `path`. */
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

const CRD_KIND = 'CustomResourceDefinition';

/** Returns the kind of server that `object` defines, or undefined if it is not a CRD of ToolHive. */
export function definedKindOf(object: unknown): Kind | undefined {
	const kind = valueAt(object, ['spec', 'names', 'kind']);
	const isOfGroup = valueAt(object, ['kind']) === CRD_KIND && valueAt(object, ['spec', 'group']) === GROUP;
	return isOfGroup && isKind(kind) ? kind : undefined;
}

/** Returns an entry for each incomplete version of `crd`, which defines `kind`. Throws UnusableCrd. */
export function missingFields(crd: Json, kind: Kind): MissingInVersion[] {
	if (crd['apiVersion'] !== API_VERSION) {
		throw new UnusableCrd(
			`the CRD of ${kind} is ${JSON.stringify(crd['apiVersion'])}, and since Kubernetes 1.22 only ${API_VERSION} is served; use the CRD of a ToolHive release`,
			['apiVersion'],
		);
	}
	const versions = (crd['spec'] as Json)['versions'];
	if (!Array.isArray(versions) || versions.length === 0) {
		throw new UnusableCrd(`the CRD of ${kind} has no list of versions in spec.versions`, ['spec']);
	}
	return versions
		.map((version, index) => missingInVersion(version, kind, ['spec', 'versions', index]))
		.filter(({ missing }) => missing.length > 0);
}

function missingInVersion(version: unknown, kind: Kind, path: Path): MissingInVersion {
	const name = textOf(valueAt(version, ['name'])) ?? 'without a name';
	const root = valueAt(version, ['schema', 'openAPIV3Schema']);
	if (!isObject(root)) {
		throw new UnusableCrd(
			`version ${name} of the CRD of ${kind} has no schema.openAPIV3Schema to add fields to; use the CRD of a ToolHive release`,
			path,
		);
	}
	const spec: Schema = {
		type: 'object',
		properties: SCALING_FIELDS[kind],
		// A declared property does not inherit this setting from its parent.
		...(root[PRESERVE] === true && { [PRESERVE]: true }),
	};
	const wanted: Schema = { type: 'object', properties: { spec } };
	return { version: name, missing: missingFrom(root, wanted, [...path, 'schema', 'openAPIV3Schema'], '') };
}

/** Returns the properties and rules of `wanted` that `schema` lacks. */
function missingFrom(schema: Json, wanted: Schema, path: Path, name: string): Missing[] {
	const type = schema['type'];
	if (type !== undefined && type !== wanted.type) {
		if (wanted.properties === undefined) {
			return [{ what: 'type', fields: [`${name} as ${wanted.type}`], isKept: false, hasRule: false }];
		}
		throw new UnusableCrd(
			`${name} is of type ${JSON.stringify(type)}, not ${wanted.type}; use the CRD of a ToolHive release`,
			[...path, 'type'],
		);
	}
	return [...missingProperties(schema, wanted, path, name), ...missingRules(schema, wanted, path, name)];
}

function missingProperties(schema: Json, { properties: wanted }: Schema, path: Path, name: string): Missing[] {
	if (wanted === undefined) return [];
	const nameOf = (key: string): string => (name === '' ? key : `${name}.${key}`);
	const field = (fields: readonly string[], addition: Addition): Missing => ({
		what: 'field',
		fields,
		isKept: schema[PRESERVE] === true,
		hasRule: JSON.stringify(addition.value).includes(RULES),
		addition,
	});
	const existing = schema['properties'];
	if (existing === undefined) {
		return [field(Object.keys(wanted).map(nameOf), { path, key: 'properties', value: wanted })];
	}
	const inside = [...path, 'properties'];
	if (!isObject(existing)) throw notAnObject(inside);
	return Object.entries(wanted).flatMap(([key, value]): Missing[] => {
		if (!Object.hasOwn(existing, key)) return [field([nameOf(key)], { path: inside, key, value })];
		const property = existing[key];
		if (!isObject(property)) throw notAnObject([...inside, key]);
		return missingFrom(property, value, [...inside, key], nameOf(key));
	});
}

function missingRules(schema: Json, wanted: Schema, path: Path, name: string): Missing[] {
	const rules = wanted[RULES] ?? [];
	const existing = schema[RULES];
	const lacking = (addition: Addition): Missing => ({
		what: 'rule',
		fields: [`the rule of ${name}`],
		isKept: true,
		hasRule: true,
		addition,
	});
	if (rules.length === 0) return [];
	if (existing === undefined) return [lacking({ path, key: RULES, value: rules })];
	const inside = [...path, RULES];
	if (!Array.isArray(existing)) throw new UnusableCrd(`${RULES} is not a list; correct it first`, inside);
	const has = (rule: string): boolean => existing.some((one) => isObject(one) && one['rule'] === rule);
	return rules.filter(({ rule }) => !has(rule)).map((value) => lacking({ path: inside, value }));
}

const notAnObject = (path: Path): UnusableCrd =>
	new UnusableCrd(`${path.at(-1)} is not a mapping; correct it first`, path);
