/** Which namespaces the reconciler looks after. The webhooks are asked only about those, which the registrations see to. */
import { isObject, metadataOf, type ServerRef } from '../api/types.ts';
import { type Connection, getFirst } from './connect.ts';
import { namespacePath } from './paths.ts';

export interface Namespaces {
	/** Those that have it; undefined for all. */
	readonly label: { readonly key: string; readonly value: string } | undefined;
	readonly excluded: readonly string[];
}

export type NamespaceFilter = (namespace: string, signal: AbortSignal) => Promise<boolean>;

/** Asks each time, so that taking the label away counts from the next pass on. Rejects where the API server does. */
export const createNamespaceFilter =
	(connection: Pick<Connection, 'get'>, { label, excluded }: Namespaces): NamespaceFilter =>
	async (namespace, signal) => {
		if (excluded.includes(namespace)) return false;
		if (label === undefined) return true;
		const found = await getFirst(connection, [namespacePath(namespace)], signal);
		const labels = found && metadataOf(found)['labels'];
		return isObject(labels) && labels[label.key] === label.value;
	};

/** Namespaces whose servers were left out. Who labels one tells us nothing, so they are looked at again, now and then. */
export interface SkippedNamespaces {
	readonly add: (namespace: string) => void;
	/**
	 * Those of `servers` whose namespace opted in meanwhile. One question for each namespace, none for an excluded one; throws
	 * where there is no answer.
	 */
	readonly optedIn: (servers: Iterable<ServerRef>, signal: AbortSignal) => AsyncIterable<ServerRef>;
}

export function createSkippedNamespaces(isLookedAfter: NamespaceFilter): SkippedNamespaces {
	const namespaces = new Set<string>();
	return {
		add: (namespace) => void namespaces.add(namespace),
		optedIn: async function* (servers, signal) {
			const serversIn = Map.groupBy(servers, ({ namespace }) => namespace);
			for (const namespace of [...namespaces]) {
				const there = serversIn.get(namespace) ?? [];
				// Without servers there is nothing to ask for; a new one gets a pass of its own.
				if (there.length > 0 && !(await isLookedAfter(namespace, signal))) continue;
				namespaces.delete(namespace);
				yield* there;
			}
		},
	};
}
