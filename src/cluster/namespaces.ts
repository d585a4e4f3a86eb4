/** Selects the namespaces in which the reconciler works. The webhook configurations do the same for the webhooks. */
import { isObject, metadataOf, type ServerRef } from '../api/types.ts';
import { type Connection, getFirst } from './connect.ts';
import { namespacePath } from './paths.ts';

export interface Namespaces {
	/** Only namespaces with this label are included; undefined includes all. */
	readonly label: { readonly key: string; readonly value: string } | undefined;
	readonly excluded: readonly string[];
}

export type NamespaceFilter = (namespace: string, signal: AbortSignal) => Promise<boolean>;

/**
 * Reads the namespace each time, so that a removed label takes effect with the next reconcile. Rejects if the read
 * fails.
 */
export const createNamespaceFilter =
	(connection: Pick<Connection, 'get'>, { label, excluded }: Namespaces): NamespaceFilter =>
	async (namespace, signal) => {
		if (excluded.includes(namespace)) return false;
		if (label === undefined) return true;
		const found = await getFirst(connection, [namespacePath(namespace)], signal);
		const labels = found && metadataOf(found)['labels'];
		return isObject(labels) && labels[label.key] === label.value;
	};

/** Tracks servers whose namespace was skipped. Namespaces are not watched, so they are read again at intervals. */
export interface SkippedNamespaces {
	readonly add: (namespace: string) => void;
	/**
	 * Yields those of `servers` whose namespace has opted in since. Sends one GET per namespace, and throws if it fails.
	 */
	readonly optedIn: (servers: Iterable<ServerRef>, signal: AbortSignal) => AsyncIterable<ServerRef>;
}

export function createSkippedNamespaces(isIncluded: NamespaceFilter): SkippedNamespaces {
	const namespaces = new Set<string>();
	return {
		add: (namespace) => void namespaces.add(namespace),
		optedIn: async function* (servers, signal) {
			const serversIn = Map.groupBy(servers, ({ namespace }) => namespace);
			for (const namespace of [...namespaces]) {
				const there = serversIn.get(namespace) ?? [];
				// A namespace without skipped servers needs no read: a new server is reconciled anyway.
				if (there.length > 0 && !(await isIncluded(namespace, signal))) continue;
				namespaces.delete(namespace);
				yield* there;
			}
		},
	};
}
