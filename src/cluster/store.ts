/** A map with a second, non-unique index. */

export interface Store<T> {
	readonly get: (key: string) => T | undefined;
	/** All values for which `indexOf` returned `indexKey`. */
	readonly find: (indexKey: string) => readonly T[];
	readonly values: () => readonly T[];
	readonly size: () => number;
	readonly replace: (values: readonly T[]) => void;
	readonly set: (value: T) => void;
	readonly delete: (key: string) => void;
}

/** `keyOf` is unique; `indexOf` may return one key for many values, or undefined for none. */
export function createStore<T>(
	keyOf: (value: T) => string,
	indexOf: (value: T) => string | undefined = () => undefined,
): Store<T> {
	const values = new Map<string, T>();
	const index = new Map<string, Set<string>>();

	const unlink = (key: string): void => {
		const value = values.get(key);
		const indexKey = value === undefined ? undefined : indexOf(value);
		const keys = indexKey === undefined ? undefined : index.get(indexKey);
		keys?.delete(key);
		if (indexKey !== undefined && keys?.size === 0) index.delete(indexKey);
	};
	const set = (value: T): void => {
		const key = keyOf(value);
		unlink(key);
		values.set(key, value);
		const indexKey = indexOf(value);
		if (indexKey === undefined) return;
		const keys = index.get(indexKey);
		if (keys === undefined) index.set(indexKey, new Set([key]));
		else keys.add(key);
	};
	return {
		get: (key) => values.get(key),
		find: (indexKey) => [...(index.get(indexKey) ?? [])].map((key) => values.get(key) as T),
		values: () => [...values.values()],
		size: () => values.size,
		replace: (all) => {
			values.clear();
			index.clear();
			all.forEach(set);
		},
		set,
		delete: (key) => {
			unlink(key);
			values.delete(key);
		},
	};
}
