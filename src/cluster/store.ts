/** A map with a second, non-unique index. */

export interface Store<T> {
	readonly get: (key: string) => T | undefined;
	/** Returns all values for which `indexOf` returned `indexKey`. */
	readonly find: (indexKey: string) => readonly T[];
	readonly values: () => readonly T[];
	readonly size: () => number;
	readonly replace: (values: readonly T[]) => void;
	readonly set: (value: T) => void;
	readonly delete: (key: string) => void;
}

/** Creates a store. `keyOf` must be unique; `indexOf` may return one key for many values, or undefined for none. */
export function createStore<T>(
	keyOf: (value: T) => string,
	indexOf: (value: T) => string | undefined = () => undefined,
): Store<T> {
	const values = new Map<string, T>();
	// The index holds arrays, because a Set is four times as large and most keys have one value.
	const index = new Map<string, T[]>();

	const remove = (key: string): void => {
		const value = values.get(key);
		if (value === undefined) return;
		values.delete(key);
		const indexKey = indexOf(value);
		if (indexKey === undefined) return;
		const others = index.get(indexKey)?.filter((other) => other !== value) ?? [];
		if (others.length === 0) index.delete(indexKey);
		else index.set(indexKey, others);
	};
	const set = (value: T): void => {
		remove(keyOf(value));
		values.set(keyOf(value), value);
		const indexKey = indexOf(value);
		if (indexKey === undefined) return;
		const others = index.get(indexKey);
		if (others === undefined) index.set(indexKey, [value]);
		else others.push(value);
	};
	return {
		get: (key) => values.get(key),
		find: (indexKey) => [...(index.get(indexKey) ?? [])],
		values: () => [...values.values()],
		size: () => values.size,
		replace: (all) => {
			values.clear();
			index.clear();
			all.forEach(set);
		},
		set,
		delete: remove,
	};
}
