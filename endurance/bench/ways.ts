/**
 * The ways to change a proxy Deployment on one API server. Each way has its own namespace, so that all can be measured
 * alternately.
 */
import { join } from 'node:path';
import type { ControlPlane } from '../../test/harness/control-plane/start.ts';
import { metricOf } from '../../test/harness/metrics.ts';
import type { Deployment } from '../../test/harness/old-operator/objects.ts';
import { mustSucceed, type Product } from '../../test/harness/product.ts';
import { adminKubectl } from '../installed/pods.ts';
import { runH2load } from './h2load.ts';
import { cpuSeconds } from './linux-process.ts';

/** The value differs from the Kubernetes default, so that a change is visible. ways.yaml has the same value. */
export const GRACE_PERIOD_SECONDS = 45;
const GRACE_PERIOD = `"terminationGracePeriodSeconds":${GRACE_PERIOD_SECONDS}`;
const APPLIED = '"toolhive-scaling/applied-replicas":"3"';

/** `expected` lists parts of the stored object. */
export const WAYS = {
	none: { title: 'no webhook', expected: ['"terminationGracePeriodSeconds":30', '"replicas":1'] },
	webhook: { title: 'the product', expected: [GRACE_PERIOD, '"replicas":3', APPLIED, 'THV_SESSION_REDIS_PASSWORD'] },
	policy: { title: 'a policy in the API server', expected: [GRACE_PERIOD, '"replicas":1'] },
} as const;
export type Way = keyof typeof WAYS;
export const WAY_LIST = Object.keys(WAYS) as readonly Way[];

export const namespaceOf = (way: Way): string => `bench-${way}`;
export const deploymentsPath = (way: Way): string => `/apis/apps/v1/namespaces/${namespaceOf(way)}/deployments`;

/**
 * The namespaces and the policy. The product must be started with `servedBy` set to "webhook", which selects its
 * namespace.
 */
export const WAYS_FILE = join(import.meta.dirname, 'ways.yaml');

export interface Load {
	readonly clients: number;
	/** The number of creates for each way in one round. */
	readonly creates: number;
	/** The rate over all clients. By default, each client sends its next create when the previous one is answered. */
	readonly perSecond?: number;
}

interface Subjects {
	readonly plane: ControlPlane;
	readonly product: Product;
	readonly deployments: Readonly<Record<Way, Deployment>>;
}

export type Round = Awaited<ReturnType<typeof measureRound>>;

export async function measureRound(subjects: Subjects, way: Way, { clients, creates, perSecond }: Load) {
	const { plane, deployments } = subjects;
	const path = `${deploymentsPath(way)}?dryRun=All`;
	const body = JSON.stringify(deployments[way]);
	const creating = plane.kubectl(['create', '--raw', path, '-f', '-'], { user: 'admin', input: body });
	const { stdout: stored } = await mustSucceed(creating);
	const missing = WAYS[way].expected.find((part) => !stored.includes(part));
	if (missing !== undefined) throw new Error(`${WAYS[way].title}: ${missing} is not in the stored object ${stored}`);
	const before = await readCounters(subjects);
	const load = await runH2load({
		url: plane.url + path,
		body,
		connections: clients,
		length: { requests: creates },
		mayFail: true,
		headers: { authorization: `Bearer ${plane.token('operator')}` },
		...(perSecond !== undefined && { perSecond }),
	});
	const after = await readCounters(subjects);
	return { ...load, used: (counter: keyof typeof after): number => after[counter] - before[counter] };
}

const WEBHOOK_DURATION = 'apiserver_admission_webhook_admission_duration_seconds';

/**
 * Reads CPU seconds, and the number and duration of webhook calls, from the metrics of the API server and the webhook.
 */
async function readCounters({ plane, product }: Subjects) {
	const [, apiServerPid = 0] = plane.pids();
	const cpu = { apiServerCpu: cpuSeconds(apiServerPid), webhookCpu: cpuSeconds(product.process.pid ?? 0) };
	const text = await adminKubectl(plane)('get', '--raw', '/metrics');
	const apiServer = { metrics: async () => text };
	return {
		...cpu,
		calls: await metricOf(apiServer, `${WEBHOOK_DURATION}_count`),
		seenByApiServer: await metricOf(apiServer, `${WEBHOOK_DURATION}_sum`),
		seenByWebhook: await metricOf(product, 'thv_scaling_review_duration_seconds_sum'),
	};
}
