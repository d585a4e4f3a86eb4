/**
 * Starts two replicas of the product as in a cluster, for `make chaos` and `make soak`. The harness also has a Service
 * in front of the replicas, an unreliable path from each replica to the API server, operator v0.12.5, and Kubernetes'
 * own garbage collector.
 */
import { mkdtempSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openApi } from '../../test/harness/api.ts';
import type { ControlPlane } from '../../test/harness/control-plane/start.ts';
import { eventually } from '../../test/harness/eventually.ts';
import { type FreezableProxy, startFreezableProxy } from '../../test/harness/freezable-proxy.ts';
import { writeKubeconfig } from '../../test/harness/kubeconfig.ts';
import { startOldOperator } from '../../test/harness/old-operator/start.ts';
import { accessIn, apply, applyCrds, documentsOf, mustSucceed, ROOT } from '../../test/harness/product.ts';
import { NS, serviceIn, webhooksTo } from '../../test/harness/self-managed.ts';
import { startServiceProxy } from '../../test/harness/service-proxy.ts';
import { type FaultyApiServer, startFaultyApiServer } from './faulty-api-server.ts';
import type { Random } from './random.ts';
import { type Replica, type ReplicaOptions, startReplica } from './replica.ts';

export const NAMESPACE = 'chaos';
export const REDIS_SECRET = { name: 'redis', key: 'password' };
/** A password that must not appear in any log. */
const PASSWORD = 'a-redis-password-that-must-not-be-logged';
/** The value differs from every default, so that a test can tell which client set it. */
export const GRACE_PERIOD_SECONDS = 60;
const FLAGS = [
	...['--settle-seconds=1', '--rollouts-per-minute=6000', '--drain-seconds=2'],
	`--grace-period-seconds=${GRACE_PERIOD_SECONDS}`,
];

/** A replica and its path to the API server, with one proxy for faults below HTTP and one proxy for faults in HTTP. */
export interface Member {
	readonly replica: Replica;
	readonly network: FreezableProxy;
	readonly http: FaultyApiServer;
}

export type Harness = Awaited<ReturnType<typeof buildHarness>>;

export async function buildHarness(
	plane: ControlPlane,
	random: Random,
	options: Pick<ReplicaOptions, 'preloads'> = {},
) {
	const folder = mkdtempSync(join(tmpdir(), 'toolhive-scaling-chaos-'));
	const api = openApi(plane);
	const objects = documentsOf((await mustSucceed(plane.kubectl(['kustomize', join(ROOT, 'manifests')]))).stdout);
	const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } };
	const metadata = { name: REDIS_SECRET.name, namespace: NAMESPACE };
	const secret = { apiVersion: 'v1', kind: 'Secret', metadata, stringData: { [REDIS_SECRET.key]: PASSWORD } };
	await applyCrds(plane);
	await apply(plane, [...accessIn(objects), serviceIn(NS), namespace, secret]);

	const service = await startServiceProxy();
	const secrets = [PASSWORD, Buffer.from(PASSWORD).toString('base64'), 'PRIVATE KEY', plane.token('webhook')];
	/** Log lines that contain a Secret. */
	const leaks: string[] = [];
	const onLine = (line: string): void => {
		if (secrets.some((text) => line.includes(text))) leaks.push(line.slice(0, 200));
	};
	const ca = readFileSync(plane.caFile);
	const members: Member[] = [];
	const removals: (() => void)[] = [];
	// The product uses HTTP/2 if the API server supports it, else HTTP/1.1. Connections break in different ways in each
	// protocol.
	for (const [name, protocol] of [
		['first', 'HTTP/2'],
		['second', 'HTTP/1.1'],
	] as const) {
		const http = await startFaultyApiServer(plane.url, ca, protocol, random);
		const network = await startFreezableProxy(http.url);
		const { path: kubeconfig, remove } = writeKubeconfig(network.url, http.ca, plane.token('webhook'));
		removals.push(remove);
		const replica = startReplica({ ...options, name, kubeconfig, flags: FLAGS, service, folder, onLine });
		members.push({ replica, network, http });
	}
	/** Resolves when both replicas are ready endpoints of the Service. */
	const ready = (): Promise<void> =>
		eventually(async () => {
			for (const { replica } of members) {
				const isReady = (await replica.metric('thv_scaling_ready')) === 1;
				if (!isReady || !replica.isListed()) throw new Error(`${replica.name} is not ready`);
			}
		}, 60_000);
	await ready();
	await apply(plane, webhooksTo(objects, [{ webhookPort: service.port }]));
	const validating = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/toolhive-scaling';
	await eventually(async () => {
		const { body } = await api.send('GET', validating);
		if (!JSON.stringify(body).includes('caBundle')) throw new Error('no caBundle yet');
	});
	const stopOperator = startOldOperator(plane, NAMESPACE, { pauseMs: 200 });

	/** Returns the holder of the Lease. */
	const leader = async (): Promise<Member> => {
		let found: Member | undefined;
		await eventually(async () => {
			const { body } = await api.send('GET', `/apis/coordination.k8s.io/v1/namespaces/${NS}/leases/${NS}`);
			const { holderIdentity } = body['spec'] as { holderIdentity: string };
			found = members.find(({ replica }) => holderIdentity.includes(`_${replica.pid()}_`));
			if (found === undefined) throw new Error('no replica is the leader');
		}, 60_000);
		return found as Member;
	};
	/** Resolves with the exit codes of the replicas. */
	const stop = async (): Promise<(number | null)[]> => {
		await stopOperator();
		const codes = await Promise.all(members.map(({ replica }) => replica.stop()));
		for (const { network, http } of members) await Promise.all([network.stop(), http.stop()]);
		for (const remove of removals) remove();
		await service.stop();
		api.close();
		await rm(folder, { recursive: true, force: true });
		return codes;
	};
	return { plane, api, members, leader, leaks, ready, stop };
}
