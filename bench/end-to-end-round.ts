/** One measurement of one way: creates through the API server, and who used how much CPU for them. */
import { readFileSync } from 'node:fs';
import type { ControlPlane } from '../test/control-plane/start.ts';
import { metricOf } from '../test/e2e/metrics.ts';
import type { Product } from '../test/e2e/product.ts';
import type { Job } from './asker.ts';
import type { Asker } from './asking.ts';
import { cpuSeconds } from './linux-process.ts';
import type { RawApi } from './raw-api.ts';
import { emptied, SIGNS, type Way } from './ways.ts';

export interface Load {
	readonly clients: number;
	readonly creates: number;
	readonly perSecond?: number;
}

export interface Round {
	readonly latenciesMs: readonly number[];
	readonly refused: number;
	readonly createsPerSecond: number;
	readonly cpuMs: CpuMs;
	/** By the API server's own account, for webhooks. */
	readonly waited: Sum;
	/** By ours. */
	readonly took: Sum;
}

/** For each create. */
export interface CpuMs {
	readonly apiServer: number;
	readonly etcd: number;
	readonly webhook: number;
	readonly clients: number;
}

/** Of a histogram. */
export interface Sum {
	readonly seconds: number;
	readonly count: number;
}

export interface Stage {
	readonly plane: ControlPlane;
	readonly product: Product;
	readonly asker: Asker;
	/** Of the admin, whom no limit of the API server keeps waiting. */
	readonly api: RawApi;
	readonly requests: Readonly<Record<Way, Job['requests']>>;
}

/** Every stored object is looked at: it must bear the signs of this way. */
export async function measureRound(stage: Stage, way: Way, load: Load): Promise<Round> {
	const { plane, product, asker, requests, api } = stage;
	const [etcd = 0, apiServer = 0] = plane.pids();
	const pids = [apiServer, etcd, product.process.pid ?? 0];
	const before = await sumsOf(api, product);
	const cpuBefore = pids.map(cpuSeconds);
	const { latenciesMs, refused, seconds, cpuUs } = await asker.ask({
		port: Number(new URL(plane.url).port),
		ca: readFileSync(plane.caFile, 'utf8'),
		token: plane.token('operator'),
		requests: requests[way].slice(0, load.creates),
		connections: load.clients,
		count: load.creates,
		...(load.perSecond !== undefined && { perSecond: load.perSecond }),
		status: 201,
		contains: SIGNS[way],
	});
	const used = pids.map((pid, at) => ((cpuSeconds(pid) - (cpuBefore[at] ?? 0)) * 1000) / load.creates);
	const after = await sumsOf(api, product);
	await emptied(api, way);
	return {
		latenciesMs,
		refused,
		// What was refused was not created.
		createsPerSecond: (load.creates - refused) / seconds,
		cpuMs: {
			apiServer: used[0] ?? Number.NaN,
			etcd: used[1] ?? Number.NaN,
			webhook: used[2] ?? Number.NaN,
			clients: cpuUs / 1000 / load.creates,
		},
		waited: less(after.waited, before.waited),
		took: less(after.took, before.took),
	};
}

async function sumsOf(api: RawApi, product: Product): Promise<{ waited: Sum; took: Sum }> {
	const text = await api.call('GET', '/metrics');
	const apiServer = { metrics: async () => text };
	return {
		waited: await sumOf(apiServer, 'apiserver_admission_webhook_admission_duration_seconds'),
		took: await sumOf(product, 'thv_scaling_review_duration_seconds'),
	};
}

const sumOf = async (of: Parameters<typeof metricOf>[0], histogram: string): Promise<Sum> => ({
	seconds: await metricOf(of, `${histogram}_sum`),
	count: await metricOf(of, `${histogram}_count`),
});

const less = (a: Sum, b: Sum): Sum => ({ seconds: a.seconds - b.seconds, count: a.count - b.count });
