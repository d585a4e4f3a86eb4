/**
 * Creates MCPServers, each with the Deployment and RunConfig that operator v0.12.5 writes and the status that the
 * reconciler writes.
 */
import { withConditions } from '../../src/objects/conditions.ts';
import { serverOf } from '../../src/objects/server.ts';
import { decide } from '../../src/policy/decide.ts';
import type { ControlPlane } from '../../test/harness/control-plane/start.ts';
import { serverManifest } from '../../test/harness/namespace.ts';
import { createClient } from '../../test/harness/old-operator/client.ts';
import { deploymentOf } from '../../test/harness/old-operator/kinds.ts';
import type { Deployment, KubeObject, ServerObject } from '../../test/harness/old-operator/objects.ts';
import { runConfigOfMcpServer } from '../../test/harness/old-operator/run-config.ts';
import { REDIS, runConfigMap } from '../../test/harness/operator-writes.ts';

interface Population {
	readonly namespace: string;
	/** Server numbers start at `from` and end before `to`. */
	readonly from: number;
	readonly to: number;
	/** If false, the reconciler has a status to write. */
	readonly hasStatus: boolean;
}

/** With more parallel requests, an API server responds with 429. */
const MAX_IN_FLIGHT = 32;

/** Returns a server that sets all scaling fields and has its own keys in Redis. */
function serverObject(namespace: string, name: string): ServerObject {
	const sessionStorage = { ...REDIS, keyPrefix: `thv:proxy:session:${name}:` };
	const spec = { transport: 'streamable-http', replicas: 3, backendReplicas: 2, sessionStorage };
	return { ...serverManifest('MCPServer', name, spec), metadata: { name, namespace } };
}

/** Returns the Deployment as the operator sends it: one replica, no grace period, no password. */
export const proxyOf = (server: ServerObject): Deployment => deploymentOf('MCPServer', server, {});

/**
 * Writes the objects as the operator does, and resolves with the stored servers. Installed webhooks change the objects.
 */
export async function populate(
	plane: ControlPlane,
	{ namespace, from, to, hasStatus }: Population,
): Promise<ServerObject[]> {
	const client = createClient(plane, namespace);
	const create = async (number: number): Promise<ServerObject> => {
		// The names have the same length, so that all objects and requests have the same size.
		const name = `server-${String(number).padStart(6, '0')}`;
		const server = await client.create('mcpservers', serverObject(namespace, name));
		if (hasStatus) {
			const stored = serverOf({ ...server });
			const desired = stored === undefined ? [] : decide(stored).conditions;
			const conditions = withConditions(undefined, desired, 1, new Date().toISOString().replace(/\.\d+Z$/, 'Z'));
			await client.replace('mcpservers/status', { ...server, status: { phase: 'Running', conditions } });
		}
		const owner = { kind: 'MCPServer', name, namespace, uid: server.metadata.uid ?? '' };
		await client.create('configmaps', runConfigMap(owner, runConfigOfMcpServer(server)) as KubeObject);
		await client.create('deployments', proxyOf(server));
		return server;
	};
	const created: ServerObject[] = [];
	let next = from;
	const work = async (): Promise<void> => {
		while (next < to) {
			const number = next++;
			created[number - from] = await create(number);
		}
	};
	try {
		await Promise.all(Array.from({ length: MAX_IN_FLIGHT }, work));
		return created;
	} finally {
		client.close();
	}
}
