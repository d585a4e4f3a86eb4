/** MCPServers, each with the Deployment and the RunConfig that operator v0.12.5 makes of it, and with the status that we owe it. */
import { readFileSync } from 'node:fs';
import { Agent, request } from 'undici';
import { withConditions } from '../../src/objects/conditions.ts';
import { serverOf } from '../../src/objects/server.ts';
import { decide } from '../../src/policy/decide.ts';
import type { ControlPlane, User } from '../../test/harness/control-plane/start.ts';
import type { Deployment, ServerObject } from '../../test/harness/old-operator/objects.ts';
import { runConfigOfMcpServer } from '../../test/harness/old-operator/run-config.ts';
import { deploymentOf, withRequiredEnv } from '../../test/harness/old-operator/workload.ts';
import type { Owner } from '../../test/harness/operator-writes.ts';
import { runConfigMap } from '../../test/harness/operator-writes.ts';

export interface Population {
	readonly namespace: string;
	/** Numbers of the servers, the last one left out. */
	readonly from: number;
	readonly to: number;
	/** Without it the reconciler has a status to write. */
	readonly hasStatus: boolean;
}

/** Calls to the API server without kubectl, whose start costs more than most of what is measured here. */
export interface RawApi {
	/** Resolves with the body. Rejects on a status other than 2xx. */
	readonly call: (method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: object) => Promise<string>;
	readonly close: () => Promise<void>;
}

export function rawApi(plane: ControlPlane, user: User, connections: number): RawApi {
	const dispatcher = new Agent({ connect: { ca: readFileSync(plane.caFile) }, connections });
	const headers = { authorization: `Bearer ${plane.token(user)}`, 'content-type': 'application/json' };
	return {
		call: async (method, path, object) => {
			const body = object === undefined ? null : JSON.stringify(object);
			const { statusCode, body: answer } = await request(plane.url + path, { method, headers, body, dispatcher });
			const text = await answer.text();
			if (statusCode >= 300) throw new Error(`${method} ${path}: ${statusCode} ${text}`);
			return text;
		},
		close: () => dispatcher.close(),
	};
}

/** Below what makes an API server answer 429. */
const AT_ONCE = 32;
const SERVERS = '/apis/toolhive.stacklok.dev/v1beta1/namespaces/NAMESPACE/mcpservers';

/** Every name has the same length, so that objects and requests have it too. */
const serverName = (number: number): string => `server-${String(number).padStart(6, '0')}`;

/** Asks for everything at once. Its keys in Redis are its own. */
const serverObject = (namespace: string, name: string): ServerObject => ({
	apiVersion: 'toolhive.stacklok.dev/v1beta1',
	kind: 'MCPServer',
	metadata: { name, namespace },
	spec: {
		image: 'ghcr.io/example/search-mcp:2.0.1',
		transport: 'streamable-http',
		...({
			replicas: 3,
			backendReplicas: 2,
			sessionStorage: {
				provider: 'redis',
				address: 'redis.mcp-demo.svc.cluster.local:6379',
				keyPrefix: `thv:proxy:session:${name}:`,
				passwordRef: { name: 'redis-secret', key: 'redis-password' },
			},
		} as object),
	},
});

/** As the operator sends it: one replica, no grace period, no password. `env`: variables that a user set besides. */
export const proxyOf = (server: ServerObject, env = 0): Deployment =>
	deploymentOf(server, {
		app: 'mcpserver',
		container: {
			name: 'toolhive',
			image: 'ghcr.io/stacklok/toolhive/proxyrunner:v0.12.5',
			args: ['run', server.spec.image ?? ''],
			resources: {},
		},
		port: 8080,
		env: withRequiredEnv(Array.from({ length: env }, (_, at) => ({ name: `SETTING_${at}`, value: `value-${at}` }))),
		config: { volume: 'runconfig', configMap: `${server.metadata.name}-runconfig`, mountPath: '/etc/runconfig' },
		readinessDelaySeconds: 5,
		serviceAccountName: `${server.metadata.name}-proxy-runner`,
		templateAnnotations: {},
	});

/** Writes them as the operator, and resolves with the servers as they are stored. Webhooks that are registered complete them. */
export async function populate(
	plane: ControlPlane,
	{ namespace, from, to, hasStatus }: Population,
): Promise<ServerObject[]> {
	const api = rawApi(plane, 'operator', AT_ONCE);
	const send = async (method: 'POST' | 'PUT', path: string, object: object): Promise<ServerObject> =>
		JSON.parse(await api.call(method, path.replace('NAMESPACE', namespace), object));
	const one = async (number: number): Promise<ServerObject> => {
		const name = serverName(number);
		const server = await send('POST', SERVERS, serverObject(namespace, name));
		if (hasStatus) {
			const stored = serverOf({ ...server });
			const desired = stored === undefined ? [] : decide(stored).conditions;
			const conditions = withConditions(undefined, desired, 1, new Date().toISOString().replace(/\.\d+Z$/, 'Z'));
			await send('PUT', `${SERVERS}/${name}/status`, { ...server, status: { phase: 'Running', conditions } });
		}
		const owner: Owner = { kind: 'MCPServer', name, namespace, uid: server.metadata.uid ?? '' };
		await send('POST', '/api/v1/namespaces/NAMESPACE/configmaps', runConfigMap(owner, runConfigOfMcpServer(server)));
		await send('POST', '/apis/apps/v1/namespaces/NAMESPACE/deployments', proxyOf(server));
		return server;
	};
	const made: ServerObject[] = [];
	let next = from;
	const work = async (): Promise<void> => {
		while (next < to) {
			const number = next;
			next += 1;
			made[number - from] = await one(number);
		}
	};
	try {
		await Promise.all(Array.from({ length: AT_ONCE }, work));
		return made;
	} finally {
		await api.close();
	}
}
