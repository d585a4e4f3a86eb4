/**
 * Two replicas of the product as a cluster runs them: a Service in front, each with its own unreliable way to the API server, beside the
 * operator v0.12.5, whose garbage Kubernetes' own controllers collect.
 */
import { mkdtempSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Api, openApi } from '../../test/harness/api.ts';
import type { ControlPlane } from '../../test/harness/control-plane/start.ts';
import { eventually } from '../../test/harness/eventually.ts';
import { type FreezableProxy, startFreezableProxy } from '../../test/harness/freezable-proxy.ts';
import { type Kubeconfig, writeKubeconfig } from '../../test/harness/kubeconfig.ts';
import { createOldOperator } from '../../test/harness/old-operator/old-operator.ts';
import { apply, applyCrds, documentsOf, mustSucceed, ROOT } from '../../test/harness/product.ts';
import { NS, registrationsTo, serviceIn } from '../../test/harness/self-managed.ts';
import { type ServiceProxy, startServiceProxy } from '../../test/harness/service-proxy.ts';
import { type FaultyApiServer, startFaultyApiServer } from './faulty-api-server.ts';
import type { Random } from './random.ts';
import { type Replica, type ReplicaOptions, startReplica } from './replica.ts';

export const NAMESPACE = 'chaos';
/** What no log may say. */
const PASSWORD = 'a-redis-password-that-nobody-may-log';
const REDIS_SECRET = { name: 'redis', key: 'password' };

/** A replica and its way to the API server: what breaks below HTTP, then what breaks in it. */
export interface Member {
	readonly replica: Replica;
	readonly network: FreezableProxy;
	readonly http: FaultyApiServer;
}

export interface Stage {
	readonly plane: ControlPlane;
	readonly api: Api;
	readonly members: readonly Member[];
	readonly service: ServiceProxy;
	readonly redisSecret: typeof REDIS_SECRET;
	/** The one that holds the Lease, as far as the API server knows. */
	readonly leader: () => Promise<Member>;
	/** Lines of the log that told a Secret. */
	readonly leaks: readonly string[];
	/** Resolves when both serve, with whom the Service leads to them. */
	readonly whole: (withinMs?: number) => Promise<void>;
	/** Exit codes of the replicas. */
	readonly stop: () => Promise<(number | null)[]>;
}

/** Not a default of anything, so that it shows who set it. */
export const GRACE_PERIOD_SECONDS = 60;
const FLAGS = [
	'--settle-seconds=1',
	'--rollouts-per-minute=6000',
	`--grace-period-seconds=${GRACE_PERIOD_SECONDS}`,
	'--drain-seconds=2',
];

export type StageOptions = Pick<ReplicaOptions, 'preloads' | 'env'>;

export async function buildStage(plane: ControlPlane, random: Random, options: StageOptions = {}): Promise<Stage> {
	const folder = mkdtempSync(join(tmpdir(), 'toolhive-scaling-chaos-'));
	const api = openApi(plane);
	const objects = documentsOf((await mustSucceed(plane.kubectl(['kustomize', join(ROOT, 'manifests')]))).stdout);
	await applyCrds(plane);
	await apply(
		plane,
		objects.filter(({ kind }) => /^(Namespace|ServiceAccount|(Cluster)?Role(Binding)?)$/.test(kind)),
	);
	const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } };
	const metadata = { name: REDIS_SECRET.name, namespace: NAMESPACE };
	const secret = { apiVersion: 'v1', kind: 'Secret', metadata, stringData: { [REDIS_SECRET.key]: PASSWORD } };
	await apply(plane, [serviceIn(NS), namespace, secret]);

	const service = await startServiceProxy();
	const secrets = [PASSWORD, Buffer.from(PASSWORD).toString('base64'), 'PRIVATE KEY', plane.token('webhook')];
	const leaks: string[] = [];
	const onLine = (line: string): void => {
		if (secrets.some((text) => line.includes(text))) leaks.push(line.slice(0, 200));
	};
	const ca = readFileSync(plane.caFile);
	const members: Member[] = [];
	const kubeconfigs: Kubeconfig[] = [];
	// The product speaks HTTP/2 where it can, and HTTP/1.1 behind what cannot: other connections, other ways to break.
	for (const protocol of ['HTTP/2', 'HTTP/1.1'] as const) {
		const http = await startFaultyApiServer(plane.url, ca, protocol, random);
		const network = await startFreezableProxy(http.url);
		const kubeconfig = writeKubeconfig(network.url, http.ca, plane.token('webhook'));
		kubeconfigs.push(kubeconfig);
		const name = protocol === 'HTTP/2' ? 'first' : 'second';
		const replica = startReplica({
			...options,
			name,
			kubeconfig: kubeconfig.path,
			flags: FLAGS,
			service,
			folder,
			onLine,
		});
		members.push({ replica, network, http });
	}
	const whole = (withinMs = 60_000): Promise<void> =>
		eventually(async () => {
			for (const { replica } of members) {
				const isReady = (await replica.metricOf('thv_scaling_ready')) === 1;
				if (!isReady || !replica.isListed()) throw new Error(`${replica.name} is not ready`);
			}
		}, withinMs);
	await whole();
	await apply(plane, registrationsTo(objects, [{ webhookPort: service.port }]));
	await eventually(async () => {
		const { body } = await api.send(
			'GET',
			'/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/toolhive-scaling',
		);
		if (!JSON.stringify(body).includes('caBundle')) throw new Error('no caBundle yet');
	});
	const operator = startOperator(plane);

	const leader = async (): Promise<Member> => {
		let found: Member | undefined;
		await eventually(async () => {
			const { body } = await api.send('GET', `/apis/coordination.k8s.io/v1/namespaces/${NS}/leases/${NS}`);
			const { holderIdentity } = body['spec'] as { holderIdentity: string };
			found = members.find(({ replica }) => holderIdentity.includes(`_${replica.pid()}_`));
			if (found === undefined) throw new Error('nobody leads');
		}, 60_000);
		return found as Member;
	};
	return {
		plane,
		api,
		members,
		service,
		redisSecret: REDIS_SECRET,
		leader,
		leaks,
		whole,
		stop: async () => {
			await operator.stop();
			const codes = await Promise.all(members.map(({ replica }) => replica.stop()));
			for (const { network, http } of members) {
				await network.stop();
				await http.stop();
			}
			for (const kubeconfig of kubeconfigs) kubeconfig.remove();
			await service.stop();
			api.close();
			await rm(folder, { recursive: true, force: true });
			return codes;
		},
	};
}

/** Goes on through everything: what it is refused it tries again. */
function startOperator(plane: ControlPlane): { readonly stop: () => Promise<void> } {
	const operator = createOldOperator({
		url: plane.url,
		ca: readFileSync(plane.caFile, 'utf8'),
		token: plane.token('operator'),
		namespace: NAMESPACE,
		images: { vmcp: 'ghcr.io/stacklok/toolhive/vmcp:v0.16.0' },
	});
	let isOver = false;
	const running = (async () => {
		while (!isOver) {
			await operator.settle(2_000).catch(() => undefined);
			await sleep(200);
		}
	})();
	return {
		stop: async () => {
			isOver = true;
			await running;
			await operator.close();
		},
	};
}
