/** What `out.yaml` promises of one document, and what of a stored object has to be equal to it. */
import { isKind } from '../../src/api/names.ts';
import { isObject, type Json } from '../../src/api/types.ts';
import { documentsOf } from '../cases/read-case.ts';

export interface Golden {
	readonly warnings: readonly string[];
	/** The message of a refused document; such a document has no object. */
	readonly denial?: string;
	readonly object?: Json;
}

/** One for each document of `in.yaml`, in its order. */
export function goldenOf(text: string, name: string): Golden[] {
	const [, ...sections] = text.split(/^---\n/m);
	return sections.map((section) => {
		const after = (start: string): string[] =>
			section.split('\n').flatMap((line) => (line.startsWith(start) ? [line.slice(start.length)] : []));
		const [denial] = after('# denied: ');
		const [object] = documentsOf(section, name);
		return {
			warnings: after('# warning: '),
			...(denial !== undefined && { denial }),
			...(object !== undefined && { object }),
		};
	});
}

/** Each of ours ends with its id. The API server has others, for example of a variable that is named twice. */
export const isOurs = (warning: string): boolean => / \([a-z-]+\)$/.test(warning);

/** Fields that we write, wherever they stand: where one is not expected it must not be. */
const WRITTEN_BY_US = ['env', 'lifecycle', 'replicas', 'terminationGracePeriodSeconds'];
/** So is everything in these: the API server itself puts nothing there. */
const WHOLE = ['annotations', 'labels', 'data'];
const WHOLE_IN_SERVERS = [...WHOLE, 'spec', 'status'];
/** What the API server writes into an object that leaves them out. */
const DEFAULTS: Json = { replicas: 1, terminationGracePeriodSeconds: 30 };

/** `stored` without what the API server adds to an object like `expected`. */
export const comparable = (stored: Json, expected: Json): unknown =>
	likewise(stored, expected, new Set(isKind(expected['kind']) ? WHOLE_IN_SERVERS : WHOLE));

function likewise(stored: unknown, expected: unknown, whole: ReadonlySet<string>): unknown {
	if (Array.isArray(stored) && Array.isArray(expected)) {
		return stored.map((one, index) => likewise(one, expected[index], whole));
	}
	if (!isObject(stored) || !isObject(expected)) return stored;
	const isCompared = (key: string): boolean =>
		Object.hasOwn(expected, key) || whole.has(key) || (WRITTEN_BY_US.includes(key) && stored[key] !== DEFAULTS[key]);
	return Object.fromEntries(
		Object.entries(stored).flatMap(([key, value]) => {
			if (!isCompared(key)) return [];
			return [[key, whole.has(key) ? value : likewise(value, expected[key], whole)]];
		}),
	);
}
