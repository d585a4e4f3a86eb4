/** Who our Secret and our Lease belong to: Kubernetes removes both after our Deployment, with whatever it was installed. */
import { INSTALLED_AS } from '../api/names.ts';
import { isObject, type Json, metadataOf } from '../api/types.ts';
import { ApiError, type Connection, getFirst } from './connect.ts';
import { deploymentPath } from './paths.ts';

export interface Owner {
	/** Rejects where the API server does. Finding none is fine: then we were not installed, but started. */
	readonly look: (signal: AbortSignal) => Promise<void>;
	/**
	 * Sends an object of ours with its owner in its metadata, where one was ever seen: also what a pod makes that ends only after
	 * its Deployment is gone must go. An object that has an ownerReference keeps it.
	 */
	readonly write: <T>(metadata: unknown, send: (metadata: Json) => Promise<T>) => Promise<T>;
}

const FORBIDDEN = 403;

export function createOwner(connection: Pick<Connection, 'get'>, namespace: string): Owner {
	let known: Json | undefined;
	let uidWithoutOwner: unknown;
	return {
		look: async (signal) => {
			const path = deploymentPath({ namespace, name: INSTALLED_AS });
			const deployment = await getFirst(connection, [path], signal);
			const uid = deployment && metadataOf(deployment)['uid'];
			if (uid !== undefined) known = { apiVersion: 'apps/v1', kind: 'Deployment', name: INSTALLED_AS, uid };
		},
		write: async (metadata, send) => {
			const own = isObject(metadata) ? metadata : {};
			const { uid, ownerReferences } = own;
			const isLeft = uid !== undefined && uid === uidWithoutOwner;
			if (known === undefined || ownerReferences !== undefined || isLeft) return send(own);
			try {
				return await send({ ...own, ownerReferences: [known] });
			} catch (error) {
				// OwnerReferencesPermissionEnforcement: an owner is only added by a client that may delete the object. Any other
				// reason refuses the second write too.
				if (!(error instanceof ApiError && error.status === FORBIDDEN) || uid === undefined) throw error;
				const answer = await send(own);
				// A Lease is renewed every 2 s: refused once is enough.
				uidWithoutOwner = uid;
				return answer;
			}
		},
	};
}
