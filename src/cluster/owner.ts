/**
 * The owner of the Secret and the Lease. Kubernetes deletes both with the Deployment, however the Deployment was
 * installed.
 */
import { INSTALLED_AS } from '../api/names.ts';
import { isObject, type Json, metadataOf } from '../api/types.ts';
import { ApiError, type Connection, getFirst } from './connect.ts';
import { deploymentPath } from './paths.ts';

export interface Owner {
	/** Reads the Deployment. Without the Deployment, objects are written without an owner. Rejects if the read fails. */
	readonly find: (signal: AbortSignal) => Promise<void>;
	/**
	 * Sends an object with the owner in its metadata if the Deployment was ever found, because a Pod may still write
	 * after its Deployment is deleted. An object that already has ownerReferences keeps them.
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
				// The admission plugin OwnerReferencesPermissionEnforcement lets only clients that may delete the object add an
				// owner. If the write is forbidden for another reason, the second write fails too.
				if (!(error instanceof ApiError && error.status === FORBIDDEN) || uid === undefined) throw error;
				const answer = await send(own);
				// Later writes omit the owner: the leader writes its Lease every 2 s, and each write would fail once.
				uidWithoutOwner = uid;
				return answer;
			}
		},
	};
}
