/** What every object has: metadata, and perhaps an owner that is a ToolHive server. */
import { isKind, isOfToolhive, type Kind } from '../toolhive/names.ts';
import { isObject, type Json, metadataOf, type ServerRef } from '../toolhive/types.ts';

const NONE: Json = {};

/** The value at `path`; undefined if a part of it is missing. A key such as `constructor` is only a key. */
export const valueAt = (value: unknown, path: readonly string[]): unknown =>
	path.reduce<unknown>(
		(parent, key) => (isObject(parent) && Object.hasOwn(parent, key) ? parent[key] : undefined),
		value,
	);

export const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

export const labelsOf = (object: Json): Json => {
	const { labels } = metadataOf(object);
	return isObject(labels) ? labels : NONE;
};

/** The namespace an object names; templates leave it empty or null where they mean none. */
export const namespaceOf = (object: Json, fallback: string): string =>
	textOf(metadataOf(object)['namespace']) || fallback;

export const isBeingDeleted = (object: Json): boolean => typeof metadataOf(object)['deletionTimestamp'] === 'string';

/** An object has one server, or for a moment two. Each may cost a look at the API server, and an object may claim thousands. */
const MOST_OWNERS = 4;

/**
 * The ToolHive servers that own `object` and that the operator would name it after: their name and `suffixOf` their kind.
 * Usually one, the controller first; none for everybody else's objects. Manifests that no API server has seen have no uids yet.
 */
export function ownersOf(
	object: Json,
	namespace: string,
	suffixOf: (kind: Kind) => string = () => '',
): readonly ServerRef[] {
	const { name: objectName, ownerReferences } = metadataOf(object);
	if (!Array.isArray(ownerReferences)) return [];
	const controllerFirst = ownerReferences.toSorted((one, other) => isController(other) - isController(one));
	const owners = controllerFirst.flatMap((reference): ServerRef[] => {
		if (!isObject(reference) || !isOfToolhive(reference['apiVersion'])) return [];
		const { kind, name, uid } = reference;
		if (!isKind(kind) || !isObjectName(name) || objectName !== name + suffixOf(kind)) return [];
		return [{ kind, namespace, name, ...(typeof uid === 'string' && { uid }) }];
	});
	return owners.slice(0, MOST_OWNERS);
}

/**
 * Whether an object can have this name (DNS-1123 subdomain). Admission runs before the API server checks names, and ours
 * go into paths.
 */
export const isObjectName = (name: unknown): name is string =>
	typeof name === 'string' && name.length <= 253 && /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(name);

const isController = (reference: unknown): number => Number(isObject(reference) && reference['controller'] === true);

/** A copy of `object` with one annotation set, or removed with `undefined`. */
export function withAnnotation(object: Json, key: string, value: string | undefined): Json {
	const metadata = metadataOf(object);
	const annotations: Record<string, unknown> = {
		...(isObject(metadata['annotations']) ? metadata['annotations'] : {}),
	};
	if (value === undefined) delete annotations[key];
	else annotations[key] = value;
	return { ...object, metadata: { ...metadata, annotations } };
}

export function annotationOf(object: Json, key: string): string | undefined {
	const { annotations } = metadataOf(object);
	return isObject(annotations) ? textOf(annotations[key]) : undefined;
}
