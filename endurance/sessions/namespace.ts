/** A namespace with Redis, the client pod and servers, and the few words of kubectl that scenarios use. */
import { expect } from 'chai';
import type { ControlPlane, KubectlResult } from '../../test/harness/control-plane/start.ts';
import { eventually } from '../../test/harness/eventually.ts';
import { mustSucceed } from '../../test/harness/product.ts';
import { clientPod, redisObjects } from './objects.ts';

export interface SessionNamespace {
	readonly name: string;
	readonly plane: ControlPlane;
	/** Resolves with stdout; rejects when kubectl fails. */
	readonly kubectl: (...args: string[]) => Promise<string>;
	/** Resolves also when kubectl fails. */
	readonly tryKubectl: (args: readonly string[], input?: object) => Promise<KubectlResult>;
	readonly apply: (...objects: readonly object[]) => Promise<void>;
	/** Ready proxies of a server that are not ending. */
	readonly proxies: (server: string) => Promise<readonly ProxyPod[]>;
	/** So many proxies and so many backends are ready, and no other pod of the server is left. */
	readonly settled: (server: string, proxies: number, backends?: number) => Promise<void>;
	readonly remove: () => Promise<void>;
}

export interface ProxyPod {
	readonly name: string;
	readonly address: string;
}

interface Pod {
	readonly metadata: { readonly name: string; readonly deletionTimestamp?: string };
	readonly status: {
		readonly podIP?: string;
		readonly conditions?: readonly { readonly type: string; readonly status: string }[];
	};
}

interface Workload {
	readonly metadata: { readonly generation: number };
	readonly status: {
		readonly observedGeneration?: number;
		readonly updatedReplicas?: number;
		readonly readyReplicas?: number;
	};
}

const KUBECTL_MS = 300_000;
/** The SDK's GET stream holds a proxy that ends for its whole grace period. */
const SETTLED_MS = 150_000;

let namespaces = 0;

/** Of its own for each suite: one that is being deleted cannot be made again. */
export function nextNamespace(): string {
	namespaces += 1;
	return `sessions-${namespaces}`;
}

export async function makeNamespace(plane: ControlPlane, name: string): Promise<SessionNamespace> {
	const tryKubectl: SessionNamespace['tryKubectl'] = (args, input) =>
		plane.kubectl(['-n', name, ...args], {
			user: 'admin',
			timeoutMs: KUBECTL_MS,
			...(input === undefined ? {} : { input: JSON.stringify(input) }),
		});
	const kubectl = async (...args: string[]): Promise<string> => (await mustSucceed(tryKubectl(args))).stdout;
	const apply: SessionNamespace['apply'] = async (...items) =>
		void (await mustSucceed(tryKubectl(['apply', '-f', '-'], { apiVersion: 'v1', kind: 'List', items })));
	const podsOf = async (server: string): Promise<readonly Pod[]> => {
		const selector = `app.kubernetes.io/instance=${server}`;
		return (JSON.parse(await kubectl('get', 'pods', '-l', selector, '-o', 'json')) as { items: Pod[] }).items;
	};
	const settled: SessionNamespace['settled'] = (server, proxies, backends = 1) =>
		eventually(async () => {
			const pods = await podsOf(server);
			expect(pods.filter(isReady).length, `ready proxies of ${server}`).to.equal(proxies);
			expect(pods.length, `proxies of ${server}`).to.equal(proxies);
			const { metadata, status } = JSON.parse(await kubectl('get', 'deployment', server, '-o', 'json')) as Workload;
			// Else the status may be that of the template before.
			expect(status.observedGeneration).to.equal(metadata.generation);
			expect(status.updatedReplicas ?? 0).to.equal(proxies);
			expect(status.readyReplicas ?? 0).to.equal(proxies);
			if (backends === 0) return;
			const set = JSON.parse(await kubectl('get', 'statefulset', server, '-o', 'json')) as Workload;
			expect(set.status.observedGeneration).to.equal(set.metadata.generation);
			expect(set.status.updatedReplicas ?? 0, `new backends of ${server}`).to.equal(backends);
			expect(set.status.readyReplicas ?? 0, `ready backends of ${server}`).to.equal(backends);
		}, SETTLED_MS);

	await mustSucceed(plane.kubectl(['create', 'namespace', name], { user: 'admin' }));
	await apply(...redisObjects(), clientPod());
	await kubectl('wait', '--for=condition=Ready', 'pod/client', '--timeout=60s');
	await kubectl('rollout', 'status', 'deployment/redis', '--timeout=60s');
	return {
		name,
		plane,
		kubectl,
		tryKubectl,
		apply,
		settled,
		proxies: async (server) =>
			(await podsOf(server))
				.filter(isReady)
				.map(({ metadata, status }) => ({ name: metadata.name, address: status.podIP ?? '' })),
		remove: async () => {
			// While the operator lives, which takes its finalizers off.
			await kubectl('delete', 'mcpservers,virtualmcpservers,mcpremoteproxies,mcpgroups', '--all');
			await plane.kubectl(['delete', 'namespace', name, '--wait=false'], { user: 'admin' });
		},
	};
}

const isReady = ({ metadata, status }: Pod): boolean =>
	metadata.deletionTimestamp === undefined &&
	(status.conditions ?? []).some((condition) => condition.type === 'Ready' && condition.status === 'True');
