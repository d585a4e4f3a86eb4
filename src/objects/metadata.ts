/** Reads labels, annotations and owners of an object, and reads and writes values at a path. */
import { isKind, isOfToolhive, type Kind } from '../api/names.ts';
import { isObject, type Json, metadataOf, type ServerRef } from '../api/types.ts';

const NONE: Json = {};

/**
 * Returns the value at `path`, or undefined if a part of it is missing. Inherited properties such as `constructor` do
 * not count.
 */
export const valueAt = (value: unknown, path: readonly string[]): unknown =>
	path.reduce<unknown>(
		(parent, key) => (isObject(parent) && Object.hasOwn(parent, key) ? parent[key] : undefined),
		value,
	);

/**
 * Returns a copy of `object` with `value` at `path`; undefined removes the last key. The copy shares the other parts
 * with `object`.
 */
export function withValueAt(object: unknown, path: readonly string[], value: unknown, depth = 0): Json {
	const parent = isObject(object) ? object : NONE;
	const key = path[depth] ?? '';
	if (depth < path.length - 1) return { ...parent, [key]: withValueAt(parent[key], path, value, depth + 1) };
	if (value !== undefined) return { ...parent, [key]: value };
	const { [key]: _removed, ...others } = parent;
	return others;
}

/** Returns an object to spread, so that an unset field is absent instead of undefined. */
export const optional = <K extends string, V>(key: K, value: V | undefined): { readonly [P in K]?: V } =>
	(value === undefined ? {} : { [key]: value }) as { readonly [P in K]?: V };

export const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

export const labelsOf = (object: Json): Json => {
	const { labels } = metadataOf(object);
	return isObject(labels) ? labels : NONE;
};

/** Returns the namespace of an object. In rendered templates the namespace may be empty or null. */
export const namespaceOf = (object: Json, fallback: string): string =>
	textOf(metadataOf(object)['namespace']) || fallback;

export const isBeingDeleted = (object: Json): boolean => typeof metadataOf(object)['deletionTimestamp'] === 'string';

/**
 * Maximum number of owners to look up. An object may have thousands of owners, and each look-up may cost a request to
 * the API server.
 */
const MOST_OWNERS = 4;

/**
 * Returns the ToolHive servers that own `object`, the controller first. The name of the object must be that of the
 * server and `suffixOf` its kind. Manifests have no uids yet.
 */
export function ownersOf(
	object: Json,
	namespace: string,
	suffixOf: (kind: Kind) => string = () => '',
): readonly ServerRef[] {
	const { name: objectName, ownerReferences } = metadataOf(object);
	if (!Array.isArray(ownerReferences)) return [];
	const isController = (reference: unknown): number => Number(isObject(reference) && reference['controller'] === true);
	const controllerFirst =
		ownerReferences.length < 2
			? ownerReferences
			: ownerReferences.toSorted((a, b) => isController(b) - isController(a));
	const owners = controllerFirst.flatMap((reference): ServerRef[] => {
		if (!isObject(reference) || !isOfToolhive(reference['apiVersion'])) return [];
		const { kind, name, uid } = reference;
		if (!isKind(kind) || !isObjectName(name) || objectName !== name + suffixOf(kind)) return [];
		return [{ kind, namespace, name, ...(typeof uid === 'string' && { uid }) }];
	});
	return owners.slice(0, MOST_OWNERS);
}

/**
 * Whether `name` is a DNS-1123 subdomain. Admission runs before the API server validates names, and names become parts
 * of URL paths.
 */
export const isObjectName = (name: unknown): name is string =>
	typeof name === 'string' && name.length <= 253 && /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(name);

/** Returns a copy of `object` with one annotation set, or removed if `value` is undefined. */
export const withAnnotation = (object: Json, key: string, value: string | undefined): Json =>
	withValueAt(object, ['metadata', 'annotations', key], value);

export function annotationOf(object: Json, key: string): string | undefined {
	const { annotations } = metadataOf(object);
	return isObject(annotations) ? textOf(annotations[key]) : undefined;
}
