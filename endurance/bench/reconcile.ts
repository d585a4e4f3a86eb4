/**
 * `make bench-reconcile`: servers that were there before the product, with their Deployments and RunConfigs, against a real API
 * server: how long until all are up to date, calls per server, memory, and how that grows with their number.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { metricOf } from '../../test/harness/metrics.ts';
import { applyCrds, mustSucceed, startProduct } from '../../test/harness/product.ts';
import { ON_THE_PAGE, type Part } from './account.ts';
import { AS_IN_THE_POD, installedWith, withControlPlane } from './installed.ts';
import { populate, type RawApi, rawApi } from './population.ts';
import { table } from './table.ts';

const NAMESPACE = 'bench';
const FLAGS = ['--settle-seconds=1', '--rollouts-per-minute=10000', '--leader-elect=false'];
/** At least: a status, a RunConfig and a Deployment. */
const WRITES_PER_SERVER = 3;

interface ReconcileOptions {
	readonly servers: readonly number[];
	/** How long calls are counted when everything is up to date. */
	readonly idleMs: number;
}

interface ReconcileRow {
	readonly servers: number;
	readonly seconds: number;
	readonly writesPerServer: number;
	readonly callsPerServer: number;
	readonly rssMib: number;
	readonly steadyCallsPerMinute: number;
}

const measure = (servers: number, idleMs: number): Promise<ReconcileRow> =>
	withControlPlane(async (plane) => {
		await applyCrds(plane);
		await mustSucceed(plane.kubectl(['create', 'namespace', NAMESPACE]));
		await populate(plane, { namespace: NAMESPACE, from: 0, to: servers, hasStatus: false });
		const api = rawApi(plane, 'admin', 1);
		const startedMs = performance.now();
		const before = await apiCalls(api);
		const product = await startProduct(plane, {
			program: installedWith(AS_IN_THE_POD),
			hasWebhooks: false,
			flags: FLAGS,
		});
		const writes = (): Promise<number> => metricOf(product, 'thv_scaling_reconciler_writes_total');
		try {
			while (
				(await writes()) < servers * WRITES_PER_SERVER ||
				(await metricOf(product, 'thv_scaling_reconciler_queued')) > 0
			) {
				await sleep(100);
			}
			const seconds = (performance.now() - startedMs) / 1000;
			const calls = (await apiCalls(api)) - before;
			const rssMib = (await metricOf(product, 'process_resident_memory_bytes')) / 2 ** 20;
			const idleBefore = await apiCalls(api);
			await sleep(idleMs);
			return {
				servers,
				seconds: tenth(seconds),
				writesPerServer: tenth((await writes()) / servers),
				callsPerServer: tenth(calls / servers),
				rssMib: tenth(rssMib),
				steadyCallsPerMinute: tenth((((await apiCalls(api)) - idleBefore) * 60_000) / idleMs),
			};
		} finally {
			await product.stop();
			await api.close();
		}
	});

const KINDS = 'mcpservers|virtualmcpservers|mcpremoteproxies|deployments|configmaps|leases|events';
const COUNTED = new RegExp(`^apiserver_request_total\\{(?!.*verb="WATCH").*resource="(${KINDS})".* (\\d+)$`, 'gm');

/** Requests for the resources that the reconciler reads and writes, watches left out. */
async function apiCalls(api: RawApi): Promise<number> {
	const text = await api.call('GET', '/metrics');
	return [...text.matchAll(COUNTED)].reduce((sum, [, , count]) => sum + Number(count), 0);
}

const tenth = (value: number): number => Math.round(value * 10) / 10;

export const RECONCILE: Part<ReconcileOptions, readonly ReconcileRow[]> = {
	...ON_THE_PAGE,
	name: 'reconcile',
	command: 'make bench-reconcile',
	options: { servers: [10, 100, 1_000], idleMs: 30_000 },
	shortOptions: { servers: [10], idleMs: 3_000 },
	measure: async ({ servers, idleMs }) => {
		const rows: ReconcileRow[] = [];
		for (const count of servers) rows.push(await measure(count, idleMs));
		return rows;
	},
	tables: ({ results }) =>
		table(
			results.map((row) => ({
				'servers that were there before': row.servers,
				'up to date after s': row.seconds,
				'API calls each': row.callsPerServer,
				'of them writes': row.writesPerServer,
				'resident MiB': row.rssMib,
				'calls a minute afterwards': row.steadyCallsPerMinute,
			})),
		),
};
