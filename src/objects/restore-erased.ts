/**
 * Restores the scaling fields that an operator's typed PUT erased from a custom resource, and the managers of these
 * fields. Before admission the API server removes an erased field from `metadata.managedFields`. If only the value were
 * restored, no manager would own the field, and server-side apply could never remove it.
 */
import type { Kind } from '../api/names.ts';
import { SCALING_FIELDS } from '../api/schema.ts';
import { isObject, type Json, metadataOf } from '../api/types.ts';
import { valueAt, withValueAt } from './metadata.ts';

/** The erased part of a value: all of it, or some of its keys. */
type Erased = true | { readonly [key: string]: Erased };

/**
 * Returns `object` with the scaling fields that `before` has and `object` lacks, or `object` itself if nothing was
 * erased. Every manager that owned such a field owns it again; no manager gets a field that it did not own. The caller
 * has checked that the writer is the operator.
 */
export function restoreErased(kind: Kind, object: Json, before: Json): Json {
	const erased = erasedOf(scalingFields(kind, object['spec']), scalingFields(kind, before['spec']));
	if (erased === undefined) return object;
	const restored = { ...object, spec: restoreFields(object['spec'] ?? {}, before['spec'], erased) };
	const managers = [metadataOf(object), metadataOf(before)].map((metadata) => metadata['managedFields']);
	const managedFields = restoreManagers(managers[0], managers[1], erased);
	return managedFields === undefined ? restored : withValueAt(restored, ['metadata', 'managedFields'], managedFields);
}

const scalingFields = (kind: Kind, spec: unknown): Json =>
	Object.fromEntries(
		Object.entries(isObject(spec) ? spec : {}).filter(([key]) => Object.hasOwn(SCALING_FIELDS[kind], key)),
	);

/** Compares at any depth, because `sessionStorage` has fields that are newer than the scaling schema. */
function erasedOf(now: unknown, before: unknown): Erased | undefined {
	if (now === undefined) return true;
	if (!isObject(now) || !isObject(before)) return undefined;
	return someOf(Object.entries(before).map(([key, value]) => [key, erasedOf(valueAt(now, [key]), value)]));
}

function restoreFields(now: unknown, before: unknown, erased: Erased): unknown {
	if (erased === true || !isObject(now) || !isObject(before)) return before;
	const parts = Object.entries(erased).map(([key, part]) => [
		key,
		restoreFields(valueAt(now, [key]), before[key], part),
	]);
	return { ...now, ...Object.fromEntries(parts) };
}

/**
 * Returns the entries of `now`, each with the erased fields that it owned in `before`, or undefined if no manager owned
 * an erased field. Keeps the order of `before`, so that a repeated PUT changes nothing that is stored.
 */
function restoreManagers(now: unknown, before: unknown, erased: Erased): Json[] | undefined {
	const entries = objectsOf(now);
	const entriesBefore = objectsOf(before);
	let isRestored = false;
	const kept = entriesBefore.flatMap((entryBefore): Json[] => {
		const entry = entries.find((one) => isSameManager(one, entryBefore));
		const owned = ownedOf(entryBefore['fieldsV1'], { spec: erased });
		if (owned === undefined) return entry === undefined ? [] : [entry];
		isRestored = true;
		return [{ ...(entry ?? entryBefore), fieldsV1: merged(entry?.['fieldsV1'], owned) }];
	});
	const added = entries.filter((entry) => !entriesBefore.some((one) => isSameManager(one, entry)));
	return isRestored ? [...kept, ...added] : undefined;
}

const objectsOf = (list: unknown): Json[] => (Array.isArray(list) ? list.filter(isObject) : []);

const isSameManager = (a: Json, b: Json): boolean =>
	['manager', 'operation', 'apiVersion', 'subresource'].every((key) => a[key] === b[key]);

/** Returns the part of a FieldsV1 (a key `f:NAME` for each owned field) that owns an erased field. */
function ownedOf(fields: unknown, erased: Erased): Json | undefined {
	if (!isObject(fields)) return undefined;
	if (erased === true) return fields;
	return someOf(
		Object.entries(erased).map(([key, part]) => [`f:${key}`, ownedOf(valueAt(fields, [`f:${key}`]), part)]),
	);
}

function merged(fields: unknown, owned: Json): Json {
	if (!isObject(fields)) return owned;
	const parts = Object.entries(owned).map(([key, value]) => [key, merged(valueAt(fields, [key]), value as Json)]);
	return { ...fields, ...Object.fromEntries(parts) };
}

/** Returns an object of the entries that have a value, or undefined if none has. */
function someOf<T>(entries: readonly (readonly [string, T | undefined])[]): { [key: string]: T } | undefined {
	const present = entries.flatMap(([key, value]) => (value === undefined ? [] : [[key, value] as const]));
	return present.length === 0 ? undefined : Object.fromEntries(present);
}
