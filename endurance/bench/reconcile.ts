/**
 * `make bench-reconcile`: measures time, API calls and memory until servers that are older than the product are up to
 * date.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { metricOf } from '../../test/harness/metrics.ts';
import { applyCrds, startProduct } from '../../test/harness/product.ts';
import { adminKubectl } from '../installed/pods.ts';
import { definePart, ON_THE_PAGE } from './account.ts';
import { AS_IN_THE_POD, installedWith, withControlPlane } from './installed.ts';
import { populate } from './population.ts';
import { table } from './table.ts';

const NAMESPACE = 'bench';
const FLAGS = ['--settle-seconds=1', '--rollouts-per-minute=10000', '--leader-elect=false'];
/** One write each to the status, the RunConfig and the Deployment. */
const MIN_WRITES = 3;

/** Matches requests for the resources that the reconciler reads and writes, except for watches. */
const KINDS = 'mcpservers|virtualmcpservers|mcpremoteproxies|deployments|configmaps|leases|events';
const COUNTED = new RegExp(`^apiserver_request_total\\{(?!.*verb="WATCH").*resource="(${KINDS})".* (\\d+)$`, 'gm');

const tenth = (value: number): number => Math.round(value * 10) / 10;

/** After all servers are up to date, calls are counted for another `idleMs`. */
const measure = (servers: number, idleMs: number) =>
	withControlPlane(async (plane) => {
		const kubectl = adminKubectl(plane);
		await applyCrds(plane);
		await kubectl('create', 'namespace', NAMESPACE);
		await populate(plane, { namespace: NAMESPACE, from: 0, to: servers, hasStatus: false });
		const countCalls = async (): Promise<number> =>
			[...(await kubectl('get', '--raw', '/metrics')).matchAll(COUNTED)].reduce((sum, [, , n]) => sum + Number(n), 0);
		const before = await countCalls();
		const startedMs = performance.now();
		const program = installedWith(AS_IN_THE_POD);
		const product = await startProduct(plane, { program, hasWebhooks: false, flags: FLAGS });
		const writes = (): Promise<number> => metricOf(product, 'thv_scaling_reconciler_writes_total');
		try {
			while (
				(await writes()) < servers * MIN_WRITES ||
				(await metricOf(product, 'thv_scaling_reconciler_queued')) > 0
			) {
				await sleep(100);
			}
			const seconds = (performance.now() - startedMs) / 1000;
			const calls = (await countCalls()) - before;
			const rssMib = (await metricOf(product, 'process_resident_memory_bytes')) / 2 ** 20;
			const idleBefore = await countCalls();
			await sleep(idleMs);
			return {
				servers,
				seconds: tenth(seconds),
				writesPerServer: tenth((await writes()) / servers),
				callsPerServer: tenth(calls / servers),
				rssMib: tenth(rssMib),
				steadyCallsPerMinute: tenth((((await countCalls()) - idleBefore) * 60_000) / idleMs),
			};
		} finally {
			await product.stop();
		}
	});

export const RECONCILE = definePart({
	...ON_THE_PAGE,
	name: 'reconcile',
	command: 'make bench-reconcile',
	options: { servers: [10, 100, 1_000], idleMs: 30_000 },
	shortOptions: { servers: [10], idleMs: 3_000 },
	measure: async ({ servers, idleMs }) => {
		const rows: Awaited<ReturnType<typeof measure>>[] = [];
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
});
