/** Which namespaces the reconciler looks after. The webhooks are asked only about those, which the registrations see to. */
import { isObject, metadataOf } from '../toolhive/types.ts';
import { type Connection, getFirst } from './connect.ts';
import { namespacePath } from './paths.ts';

export interface Namespaces {
	/** Those that have it; undefined for all. */
	readonly label: { readonly key: string; readonly value: string } | undefined;
	readonly excluded: readonly string[];
}

export type IsLookedAfter = (namespace: string, signal: AbortSignal) => Promise<boolean>;

/** Asks each time, so that taking the label away counts from the next pass on. Rejects where the API server does. */
export const createIsLookedAfter =
	(connection: Pick<Connection, 'get'>, { label, excluded }: Namespaces): IsLookedAfter =>
	async (namespace, signal) => {
		if (excluded.includes(namespace)) return false;
		if (label === undefined) return true;
		const found = await getFirst(connection, [namespacePath(namespace)], signal);
		const labels = found && metadataOf(found)['labels'];
		return isObject(labels) && labels[label.key] === label.value;
	};
