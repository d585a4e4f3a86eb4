/** The ownerReference of the Secret and the Lease: Kubernetes deletes both with the Deployment, however it was installed. */
import { INSTALLED_AS } from '../api/names.ts';
import { isObject, type Json, metadataOf } from '../api/types.ts';
import { ApiError, type Connection, getFirst } from './connect.ts';
import { deploymentPath } from './paths.ts';

export interface Owner {
	/** Reads the Deployment. Without one, objects are written without an owner. Rejects if the API server does. */
	readonly find: (signal: AbortSignal) => Promise<void>;
	/**
	 * Sends an object with the owner in its metadata if one was ever found: a pod may write after its Deployment is deleted.
	 * An object that has ownerReferences keeps them.
	 */
	readonly write: <T>(metadata: unknown, send: (metadata: Json) => Promise<T>) => Promise<T>;
}

const FORBIDDEN = 403;

export function createOwner(connection: Pick<Connection, 'get'>, namespace: string): Owner {
	let known: Json | undefined;
	let uidWithoutOwner: unknown;
	return {
		find: async (signal) => {
			const path = deploymentPath({ namespace, name: INSTALLED_AS });
			const deployment = await getFirst(connection, [path], signal);
			const uid = deployment && metadataOf(deployment)['uid'];
			if (uid !== undefined) known = { apiVersion: 'apps/v1', kind: 'Deployment', name: INSTALLED_AS, uid };
		},
		write: async (metadata, send) => {
			const own = isObject(metadata) ? metadata : {};
			const { uid, ownerReferences } = own;
			const isForbidden = uid !== undefined && uid === uidWithoutOwner;
			if (known === undefined || ownerReferences !== undefined || isForbidden) return send(own);
			try {
				return await send({ ...own, ownerReferences: [known] });
			} catch (error) {
				// OwnerReferencesPermissionEnforcement: only a client that may delete the object may add an owner. For any other
				// reason the second write is forbidden too.
				if (!(error instanceof ApiError && error.status === FORBIDDEN) || uid === undefined) throw error;
				const answer = await send(own);
				// A Lease is renewed every 2 s, so this is not tried again.
				uidWithoutOwner = uid;
				return answer;
			}
		},
	};
}
