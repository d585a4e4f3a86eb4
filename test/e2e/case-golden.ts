/** Reads the expected results from `out.yaml`, and selects the parts of a stored object that must be equal to them. */
import { isKind } from '../../src/api/names.ts';
import { isObject, type Json } from '../../src/api/types.ts';
import { documentsOf } from '../cases/read-case.ts';

export interface Golden {
	readonly warnings: readonly string[];
	/** The message for a refused document, which has no object. */
	readonly denial?: string;
	readonly object?: Json;
}

/** Returns one result for each document in `in.yaml`, in the same order. */
export function goldenOf(text: string, name: string): Golden[] {
	const [, ...sections] = text.split(/^---\n/m);
	return sections.map((section) => {
		const after = (start: string): string[] =>
			section.split('\n').flatMap((line) => (line.startsWith(start) ? [line.slice(start.length)] : []));
		const [denial] = after('# denied: ');
		const [object] = documentsOf(section, name);
		const warnings = after('# warning: ');
		return { warnings, ...(denial !== undefined && { denial }), ...(object !== undefined && { object }) };
	});
}

/** Fields that the product writes in several places. An object must have them only where `out.yaml` has them. */
const WRITTEN = ['env', 'lifecycle', 'replicas', 'terminationGracePeriodSeconds'];
/** Fields that are compared completely, because the API server adds nothing to them. */
const WHOLE = ['annotations', 'labels', 'data'];
const WHOLE_IN_SERVERS = [...WHOLE, 'spec', 'status'];
/** The defaults that the API server sets in an object without these fields. */
const DEFAULTS: Json = { replicas: 1, terminationGracePeriodSeconds: 30 };

/** Returns `stored` without the fields that the API server adds to an object like `expected`. */
export const comparable = (stored: Json, expected: Json): unknown =>
	partsOf(stored, expected, new Set(isKind(expected['kind']) ? WHOLE_IN_SERVERS : WHOLE));

function partsOf(stored: unknown, expected: unknown, whole: ReadonlySet<string>): unknown {
	if (Array.isArray(stored) && Array.isArray(expected))
		return stored.map((one, index) => partsOf(one, expected[index], whole));
	if (!isObject(stored) || !isObject(expected)) return stored;
	const isCompared = (key: string): boolean =>
		Object.hasOwn(expected, key) || whole.has(key) || (WRITTEN.includes(key) && stored[key] !== DEFAULTS[key]);
	return Object.fromEntries(
		Object.entries(stored)
			.filter(([key]) => isCompared(key))
			.map(([key, value]) => [key, whole.has(key) ? value : partsOf(value, expected[key], whole)]),
	);
}
