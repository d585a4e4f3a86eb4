/**
 * The reconciler's reads and writes. Every write sends the resourceVersion that was read, and fails with 409 if it
 * is outdated.
 */

import { KINDS, type Kind } from '../api/names.ts';
import { type Json, metadataOf, type Operation } from '../api/types.ts';
import type { ReconcilerObjects } from '../reconciler/client.ts';
import { ApiError, type Connection, getFirst } from './connect.ts';
import { configMapPath, deploymentPath, serverPaths } from './paths.ts';

const CONFLICT = 409;

/** `compare` returns the JSON Patch between two objects. `onWrite` is called with the resource of each write. */
export function createObjects(
	connection: Pick<Connection, 'get' | 'send'>,
	compare: (found: Json, wanted: Json) => readonly Operation[],
	onWrite: (resource: string) => void,
): ReconcilerObjects {
	return {
		getServer: (ref, signal) => getFirst(connection, serverPaths(ref), signal),
		getDeployment: (namespace, name, signal) => getFirst(connection, [deploymentPath({ namespace, name })], signal),
		getConfigMap: (namespace, name, signal) => getFirst(connection, [configMapPath({ namespace, name })], signal),
		writeConditions: async (server, conditions, signal) => {
			const { namespace, name, resourceVersion } = metadataOf(server);
			const kind = server['kind'] as Kind;
			const { plural } = KINDS[kind];
			const ref = { kind, namespace: String(namespace), name: String(name) };
			const path = `${serverPaths(ref, `/apis/${server['apiVersion']}/${plural}`)[0]}/status`;
			// A merge patch replaces the whole list of conditions and keeps the other fields of the status.
			const body = { metadata: { resourceVersion }, status: { conditions } };
			await connection.send('PATCH', path, body, 'application/merge-patch+json', signal);
			onWrite(`${plural}/status`);
		},
		write: async (found, wanted, signal) => {
			const { namespace, name, resourceVersion } = metadataOf(found);
			const isDeployment = found['kind'] === 'Deployment';
			const guard = { op: 'replace', path: '/metadata/resourceVersion', value: resourceVersion };
			const patch = [guard, ...compare(found, wanted)];
			const path = (isDeployment ? deploymentPath : configMapPath)({
				namespace: String(namespace),
				name: String(name),
			});
			const stored = await connection.send('PATCH', path, patch, 'application/json-patch+json', signal);
			onWrite(isDeployment ? 'deployments' : 'configmaps');
			return stored as Json;
		},
	};
}

export const isConflict = (error: unknown): boolean => error instanceof ApiError && error.status === CONFLICT;
