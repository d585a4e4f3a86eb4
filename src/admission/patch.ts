/**
 * Builds the JSON Patch between two objects that share their unchanged parts. fast-json-patch compares lists item by
 * item and builds a path for each item. With a long env, this comparison dominates the cost of a review, so parts that
 * both objects share are skipped first.
 */
import jsonPatch from 'fast-json-patch';
import { isObject, type Json, type Operation } from '../api/types.ts';

/**
 * Returns the operations that turn `before` into `after`. A part that is the same reference in both is not compared.
 */
export function patchBetween(before: Json, after: Json): Operation[] {
	const patch: Operation[] = [];
	addBetween(before, after, '', patch);
	return patch;
}

function addBetween(before: Json, after: Json, path: string, patch: Operation[]): void {
	// Comparing values is far cheaper than hasOwn. Equal values need no further check, because JSON has no inherited
	// keys.
	for (const key of Object.keys(before)) {
		if (before[key] !== after[key] && !Object.hasOwn(after, key)) patch.push({ op: 'remove', path: pathOf(path, key) });
	}
	for (const key of Object.keys(after)) {
		const value = after[key];
		if (before[key] === value) continue;
		if (Object.hasOwn(before, key)) addOfValue(before[key], value, pathOf(path, key), patch);
		else patch.push({ op: 'add', path: pathOf(path, key), value });
	}
}

function addOfValue(before: unknown, after: unknown, path: string, patch: Operation[]): void {
	if (isObject(before) && isObject(after)) addBetween(before, after, path, patch);
	else if (Array.isArray(before) && Array.isArray(after)) addOfList(before, after, path, patch);
	else patch.push({ op: 'replace', path, value: after });
}

function addOfList(before: readonly unknown[], after: readonly unknown[], path: string, patch: Operation[]): void {
	const changed = before.findIndex((item, index) => item !== after[index]);
	if (changed === -1) {
		for (let index = before.length; index < after.length; index += 1) {
			patch.push({ op: 'add', path: `${path}/${index}`, value: after[index] });
		}
		return;
	}
	if (before.length === after.length && before.findLastIndex((item, index) => item !== after[index]) === changed) {
		addOfValue(before[changed], after[changed], `${path}/${changed}`, patch);
		return;
	}
	// fast-json-patch emits only add, replace and remove.
	for (const operation of jsonPatch.compare([...before], [...after]) as Operation[]) {
		patch.push({ ...operation, path: path + operation.path });
	}
}

const pathOf = (path: string, key: string): string => `${path}/${jsonPatch.escapePathComponent(key)}`;
