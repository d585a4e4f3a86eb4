/** For suites: prepares the product, an operator, and a namespace with Redis and the client pod. */
import { join } from 'node:path';
import { expect } from 'chai';
import { after, before } from 'mocha';
import type { ControlPlane, KubectlResult } from '../../test/harness/control-plane/start.ts';
import { eventually } from '../../test/harness/eventually.ts';
import { mustSucceed } from '../../test/harness/product.ts';
import type { Cluster } from '../installed/harness.ts';
import { waitForWebhooks } from '../installed/installation.ts';
import { adminKubectl, isTerminating, type Kubectl, type Pod, readyCondition } from '../installed/pods.ts';
import type { Operator } from './operators.ts';

export interface SessionNamespace {
	readonly name: string;
	readonly plane: ControlPlane;
	readonly kubectl: Kubectl;
	/** Runs kubectl, and resolves even if it fails. */
	readonly tryKubectl: (args: readonly string[], input?: object) => Promise<KubectlResult>;
	readonly apply: (...objects: readonly object[]) => Promise<void>;
	/** Returns the ready proxies of a server that are not terminating. */
	readonly proxies: (server: string) => Promise<readonly { readonly name: string; readonly address: string }[]>;
	/** Resolves when exactly these numbers of pods exist, and all of them are ready and up to date. */
	readonly waitForReplicas: (server: string, proxies: number, backends?: number) => Promise<void>;
}

/** Prepares the suite. Must be called inside a `describe`. Without `manifests`, the product is not installed. */
export function useSessions(cluster: () => Cluster, operator: Operator, manifests?: string): () => SessionNamespace {
	let namespace: SessionNamespace | undefined;
	let stop: (() => Promise<void>) | undefined;
	before('product, operator and Redis', async () => {
		const { plane, installation } = cluster();
		if (manifests !== undefined) {
			await installation.install({ image: process.env['E2E_IMAGE'] ?? '', manifests });
			await waitForWebhooks(plane);
		}
		namespace = await createNamespace(plane);
		stop = await operator.start(plane, namespace.name);
	});
	after('servers, operator and product', async () => {
		// Deletes the servers first, because the operator must remove its finalizers.
		await namespace?.kubectl('delete', 'mcpservers,virtualmcpservers,mcpremoteproxies,mcpgroups', '--all');
		if (namespace !== undefined) await cluster().kubectl('delete', 'namespace', namespace.name, '--wait=false');
		await stop?.();
		if (manifests !== undefined) await cluster().installation.uninstall();
	});
	return () => namespace as SessionNamespace;
}

interface Workload {
	readonly metadata: { readonly generation: number };
	readonly status: {
		readonly observedGeneration?: number;
		readonly updatedReplicas?: number;
		readonly readyReplicas?: number;
	};
}

/** The GET stream of the SDK keeps a terminating proxy running for its whole grace period. */
const REPLICAS_MS = 150_000;
let namespaces = 0;

/**
 * Creates a separate namespace for each suite, because a namespace cannot be created again while it is being deleted.
 */
async function createNamespace(plane: ControlPlane): Promise<SessionNamespace> {
	namespaces += 1;
	const name = `sessions-${namespaces}`;
	const tryKubectl: SessionNamespace['tryKubectl'] = (args, input) => {
		const options = { user: 'admin', timeoutMs: 300_000 } as const;
		return plane.kubectl(['-n', name, ...args], input ? { ...options, input: JSON.stringify(input) } : options);
	};
	const kubectl: Kubectl = async (...args) => (await mustSucceed(tryKubectl(args))).stdout;
	const get = async <T>(...args: string[]): Promise<T> => JSON.parse(await kubectl('get', ...args, '-o', 'json')) as T;
	const apply: SessionNamespace['apply'] = async (...items) =>
		void (await mustSucceed(tryKubectl(['apply', '-f', '-'], { apiVersion: 'v1', kind: 'List', items })));
	const podsOf = async (server: string): Promise<readonly Pod[]> =>
		(await get<{ items: Pod[] }>('pods', '-l', `app.kubernetes.io/instance=${server}`)).items;
	const expectWorkload = async (kind: string, server: string, replicas: number): Promise<void> => {
		const { metadata, status } = await get<Workload>(kind, server);
		// The status may be older than the template.
		expect(status.observedGeneration, kind).to.equal(metadata.generation);
		expect(status.updatedReplicas ?? 0, `updated replicas of ${kind} ${server}`).to.equal(replicas);
		expect(status.readyReplicas ?? 0, `ready replicas of ${kind} ${server}`).to.equal(replicas);
	};

	await adminKubectl(plane)('create', 'namespace', name);
	await kubectl('apply', '-f', join(import.meta.dirname, 'namespace.yaml'));
	await kubectl('wait', '--for=condition=Ready', 'pod/client', '--timeout=60s');
	await kubectl('rollout', 'status', 'deployment/redis', '--timeout=60s');
	return {
		...{ name, plane, kubectl, tryKubectl, apply },
		proxies: async (server) =>
			(await podsOf(server))
				.filter(isReady)
				.map((pod) => ({ name: pod.metadata.name, address: pod.status.podIP ?? '' })),
		waitForReplicas: (server, proxies, backends = 1) =>
			eventually(async () => {
				const pods = await podsOf(server);
				expect(pods.filter(isReady).length, `ready proxies of ${server}`).to.equal(proxies);
				expect(pods.length, `proxies of ${server}`).to.equal(proxies);
				await expectWorkload('deployment', server, proxies);
				if (backends > 0) await expectWorkload('statefulset', server, backends);
			}, REPLICAS_MS),
	};
}

const isReady = (pod: Pod): boolean => !isTerminating(pod) && readyCondition(pod)?.status === 'True';
