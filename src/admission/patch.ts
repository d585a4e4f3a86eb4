/**
 * The JSON Patch between two objects that share their unchanged parts. fast-json-patch compares lists item by item and builds a path for
 * each, which is most of the cost of a review with a long env, so shared parts are skipped before it is called.
 */
import jsonPatch from 'fast-json-patch';
import { isObject, type Json, type Operation } from '../api/types.ts';

/** Operations that turn `before` into `after`. Parts that are the same reference are not compared. */
export function patchBetween(before: Json, after: Json, path = ''): Operation[] {
	const patch: Operation[] = [];
	// Comparing costs far less than hasOwn, and equal values need no check: JSON does not have inherited keys.
	for (const key of Object.keys(before)) {
		if (before[key] !== after[key] && !Object.hasOwn(after, key)) patch.push({ op: 'remove', path: pathOf(path, key) });
	}
	for (const key of Object.keys(after)) {
		const value = after[key];
		if (before[key] === value) continue;
		if (Object.hasOwn(before, key)) patch.push(...patchOfValue(before[key], value, pathOf(path, key)));
		else patch.push({ op: 'add', path: pathOf(path, key), value });
	}
	return patch;
}

function patchOfValue(before: unknown, after: unknown, path: string): Operation[] {
	if (isObject(before) && isObject(after)) return patchBetween(before, after, path);
	if (!Array.isArray(before) || !Array.isArray(after)) return [{ op: 'replace', path, value: after }];
	const changed = before.findIndex((item, index) => item !== after[index]);
	if (changed === -1) {
		const from = before.length;
		return after.slice(from).map((value, index) => ({ op: 'add', path: `${path}/${from + index}`, value }));
	}
	if (before.length === after.length && before.findLastIndex((item, index) => item !== after[index]) === changed) {
		return patchOfValue(before[changed], after[changed], `${path}/${changed}`);
	}
	// It emits add, replace and remove only.
	const compared = jsonPatch.compare(before, after) as Operation[];
	return compared.map((operation) => ({ ...operation, path: path + operation.path }));
}

const pathOf = (path: string, key: string): string => `${path}/${jsonPatch.escapePathComponent(key)}`;
