/** One measurement of one way: creates through the API server, and the CPU time and webhook calls that they took. */
import type { ControlPlane } from '../../test/harness/control-plane/start.ts';
import { metricOf } from '../../test/harness/metrics.ts';
import type { Deployment } from '../../test/harness/old-operator/objects.ts';
import type { Product } from '../../test/harness/product.ts';
import { runH2load } from './h2load.ts';
import { cpuSeconds } from './linux-process.ts';
import type { RawApi } from './population.ts';
import { percentile } from './statistics.ts';
import { deploymentsPath, NAMES, SIGNS, type Way } from './ways.ts';

export interface Load {
	readonly clients: number;
	/** In one round of each way. */
	readonly creates: number;
	/** Over all clients; without it each client creates the next one when the one before is answered. */
	readonly perSecond?: number;
}

export interface Round {
	readonly p50Ms: number;
	readonly p99Ms: number;
	readonly refused: number;
	readonly createsPerSecond: number;
	readonly used: Counters;
}

/** Seconds of CPU; webhook calls and their seconds, by the metrics of the API server and of the webhook. */
export interface Counters {
	readonly apiServerCpu: number;
	readonly webhookCpu: number;
	readonly calls: number;
	readonly seenByApiServer: number;
	readonly seenByWebhook: number;
}

export interface Subjects {
	readonly plane: ControlPlane;
	readonly product: Product;
	/** Of the admin, whom no limit of the API server delays. */
	readonly api: RawApi;
	readonly deployments: Readonly<Record<Way, Deployment>>;
}

export async function measureRound(subjects: Subjects, way: Way, load: Load): Promise<Round> {
	const { plane, api, deployments } = subjects;
	const path = `${deploymentsPath(way)}?dryRun=All`;
	const stored = await api.call('POST', path, deployments[way]);
	const missing = SIGNS[way].find((sign) => !stored.includes(sign));
	if (missing !== undefined) throw new Error(`${NAMES[way]}: would be stored without ${missing}: ${stored}`);
	const before = await countersUntilNow(subjects);
	const { latenciesMs, failed, requests, seconds } = await runH2load({
		url: plane.url + path,
		body: JSON.stringify(deployments[way]),
		headers: { authorization: `Bearer ${plane.token('operator')}` },
		connections: load.clients,
		length: { requests: load.creates },
		mayFail: true,
		...(load.perSecond !== undefined && { perSecond: load.perSecond }),
	});
	const after = await countersUntilNow(subjects);
	return {
		p50Ms: percentile(latenciesMs, 0.5),
		p99Ms: percentile(latenciesMs, 0.99),
		refused: failed,
		createsPerSecond: (requests - failed) / seconds,
		used: {
			apiServerCpu: after.apiServerCpu - before.apiServerCpu,
			webhookCpu: after.webhookCpu - before.webhookCpu,
			calls: after.calls - before.calls,
			seenByApiServer: after.seenByApiServer - before.seenByApiServer,
			seenByWebhook: after.seenByWebhook - before.seenByWebhook,
		},
	};
}

async function countersUntilNow({ plane, product, api }: Subjects): Promise<Counters> {
	const [, apiServerPid = 0] = plane.pids();
	const [apiServerCpu, webhookCpu] = [cpuSeconds(apiServerPid), cpuSeconds(product.process.pid ?? 0)];
	const text = await api.call('GET', '/metrics');
	const apiServer = { metrics: async () => text };
	const waited = 'apiserver_admission_webhook_admission_duration_seconds';
	return {
		apiServerCpu,
		webhookCpu,
		calls: await metricOf(apiServer, `${waited}_count`),
		seenByApiServer: await metricOf(apiServer, `${waited}_sum`),
		seenByWebhook: await metricOf(product, 'thv_scaling_review_duration_seconds_sum'),
	};
}
