/** Who our Secret and our Lease belong to: Kubernetes removes both after our Deployment, with whatever it was installed. */
import { INSTALLED_AS } from '../toolhive/names.ts';
import { isObject, type Json, metadataOf } from '../toolhive/types.ts';
import { type Connection, getFirst } from './connect.ts';
import { deploymentPath } from './paths.ts';

export interface Owner {
	/** Rejects where the API server does. Finding none is fine: then we were not installed, but started. */
	readonly look: (signal: AbortSignal) => Promise<void>;
	/**
	 * The metadata of an object of ours, with its owner, where one was ever seen: also what a pod makes that ends only after its
	 * Deployment is gone must go.
	 */
	readonly on: (metadata: unknown) => Json;
}

export function createOwner(connection: Pick<Connection, 'get'>, namespace: string): Owner {
	let known: Json | undefined;
	return {
		look: async (signal) => {
			const path = deploymentPath({ namespace, name: INSTALLED_AS });
			const deployment = await getFirst(connection, [path], signal);
			const uid = deployment && metadataOf(deployment)['uid'];
			if (uid !== undefined) known = { apiVersion: 'apps/v1', kind: 'Deployment', name: INSTALLED_AS, uid };
		},
		on: (metadata) => {
			const own = isObject(metadata) ? metadata : {};
			return known === undefined || own['ownerReferences'] !== undefined ? own : { ...own, ownerReferences: [known] };
		},
	};
}
