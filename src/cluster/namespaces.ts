/** The namespaces in which the reconciler works. For the webhooks, the webhook configurations select them. */
import { isObject, metadataOf, type ServerRef } from '../api/types.ts';
import { type Connection, getFirst } from './connect.ts';
import { namespacePath } from './paths.ts';

export interface Namespaces {
	/** Only namespaces with this label; undefined: all. */
	readonly label: { readonly key: string; readonly value: string } | undefined;
	readonly excluded: readonly string[];
}

export type NamespaceFilter = (namespace: string, signal: AbortSignal) => Promise<boolean>;

/** Reads the namespace each time, so that removing the label takes effect with the next reconcile. Rejects if the API server does. */
export const createNamespaceFilter =
	(connection: Pick<Connection, 'get'>, { label, excluded }: Namespaces): NamespaceFilter =>
	async (namespace, signal) => {
		if (excluded.includes(namespace)) return false;
		if (label === undefined) return true;
		const found = await getFirst(connection, [namespacePath(namespace)], signal);
		const labels = found && metadataOf(found)['labels'];
		return isObject(labels) && labels[label.key] === label.value;
	};

/** Namespaces whose servers were skipped. They are read again from time to time, since they are not watched. */
export interface SkippedNamespaces {
	readonly add: (namespace: string) => void;
	/** Those of `servers` whose namespace has opted in since. One GET for each namespace; throws if it fails. */
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
				// A new server is reconciled by itself.
				if (there.length > 0 && !(await isIncluded(namespace, signal))) continue;
				namespaces.delete(namespace);
				yield* there;
			}
		},
	};
}
