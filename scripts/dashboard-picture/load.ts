/** People, an operator and a pipeline at work, against a real API server. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';
import type { ControlPlane, User } from '../../test/control-plane/start.ts';
import { serverManifest } from '../../test/e2e/namespace.ts';
import { type Owner, proxyDeployment, runConfigMap } from '../../test/e2e/operator-writes.ts';

const SERVERS = 16;
const NAMESPACE = 'mcp';
/** For the webhooks to leave alone, so that what is undone here stays undone until the reconciler comes. */
export const UNGUARDED = 'unguarded';

export interface Load {
	/** Until `signal` ends: changes of servers, Deployments and RunConfigs, and scaling, in waves. */
	readonly work: (signal: AbortSignal) => Promise<void>;
	/** A pipeline that is refused, so often. */
	readonly refuse: (times: number) => Promise<void>;
	/** Somebody who undoes what the reconciler writes. */
	readonly revert: (signal: AbortSignal) => Promise<void>;
	readonly close: () => Promise<void>;
}

export function createLoad(plane: ControlPlane): Load {
	const dispatcher = new Agent({ connect: { ca: readFileSync(plane.caFile) }, connections: 6 });
	const send = async (user: User, method: 'POST' | 'PUT' | 'PATCH' | 'GET', path: string, body?: object) => {
		const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
		const headers = { authorization: `Bearer ${plane.token(user)}`, 'content-type': type };
		const answer = await request(`${plane.url}${path}`, {
			method,
			headers,
			dispatcher,
			...(body !== undefined && { body: JSON.stringify(body) }),
		});
		return (await answer.body.json()) as { metadata?: { uid?: string }; data?: Record<string, string> };
	};
	const servers = (namespace: string): string =>
		`/apis/toolhive.stacklok.dev/v1beta1/namespaces/${namespace}/mcpservers`;
	const deployments = (namespace: string): string => `/apis/apps/v1/namespaces/${namespace}/deployments`;
	const configMaps = (namespace: string): string => `/api/v1/namespaces/${namespace}/configmaps`;

	const sessionStorage = {
		provider: 'redis',
		address: 'redis.mcp.svc:6379',
		passwordRef: { name: 'redis', key: 'password' },
	};
	const specOf = (index: number): object => {
		if (index % 4 === 0) return { transport: 'stdio', replicas: 2 };
		if (index % 4 === 1) return { transport: 'sse', replicas: 2 };
		return { transport: 'streamable-http', replicas: 2, backendReplicas: 2, sessionStorage };
	};
	const make = async (namespace: string, name: string, spec: object): Promise<Owner> => {
		const { metadata } = await send('person', 'POST', servers(namespace), serverManifest('MCPServer', name, spec));
		const owner: Owner = { kind: 'MCPServer', name, namespace, uid: metadata?.uid ?? '' };
		await send('operator', 'POST', configMaps(namespace), runConfigMap(owner, RUN_CONFIG));
		await send('operator', 'POST', deployments(namespace), proxyDeployment(owner));
		return owner;
	};

	const step = async (index: number, round: number): Promise<void> => {
		const name = `server-${index % SERVERS}`;
		const server = `${servers(NAMESPACE)}/${name}`;
		const deployment = `${deployments(NAMESPACE)}/${name}`;
		const note = { metadata: { annotations: { round: `${round}` } } };
		if (round % 5 === 0) await send('person', 'PATCH', server, note);
		else if (round % 5 === 1)
			await send('operator', 'PATCH', `${configMaps(NAMESPACE)}/${name}-runconfig`, {
				...note,
				data: { 'runconfig.json': RUN_CONFIG },
			});
		else if (round % 5 === 2)
			await send('person', 'PATCH', `${deployment}/scale`, { spec: { replicas: 2 + (round % 3) } });
		else await send('operator', 'PATCH', deployment, note);
	};

	return {
		work: async (signal) => {
			await send('person', 'POST', '/api/v1/namespaces', { metadata: { name: NAMESPACE } });
			for (let index = 0; index < SERVERS && !signal.aborted; index += 1) {
				await make(NAMESPACE, `server-${index}`, specOf(index));
				await sleep(1_500);
			}
			for (let round = 0; !signal.aborted; round += 1) {
				// Waves of a minute and a half, between 4 and 28 a second.
				const perSecond = 16 + 12 * Math.sin(performance.now() / 15_000);
				await Promise.all([step(round, round), sleep(1000 / perSecond)]);
			}
		},
		refuse: async (times) => {
			const refused = { transport: 'sse', sessionStorage: { provider: 'redis', address: '' } };
			for (let count = 0; count < times; count += 1) {
				await send('person', 'POST', servers(NAMESPACE), serverManifest('MCPServer', 'no-address', refused));
				await sleep(1_000);
			}
		},
		revert: async (signal) => {
			await send('person', 'POST', '/api/v1/namespaces', { metadata: { name: UNGUARDED } });
			const owner = await make(UNGUARDED, 'undone', specOf(2));
			const path = `${configMaps(UNGUARDED)}/undone-runconfig`;
			const { metadata, ...wanted } = runConfigMap(owner, RUN_CONFIG);
			while (!signal.aborted) {
				const { data } = await send('operator', 'GET', path);
				const isUndone = data?.['runconfig.json'] === RUN_CONFIG;
				if (!isUndone)
					await send('operator', 'PATCH', path, { ...wanted, metadata: { annotations: metadata.annotations } });
				await sleep(1_000);
			}
		},
		close: () => dispatcher.close(),
	};
}

const RUN_CONFIG = '{\n  "schema_version": "v1",\n  "name": "server"\n}';
