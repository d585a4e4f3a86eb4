/**
 * Measures memory, start time and review time of `thv-scaling serve` beside a real API server with a growing number of
 * MCPServers. All servers are in their desired state, so the figures show the watch caches and not the reconciler's
 * work.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ControlPlane } from '../../test/harness/control-plane/start.ts';
import { imageEnvironment } from '../../test/harness/image.ts';
import { metricOf } from '../../test/harness/metrics.ts';
import type { ServerObject } from '../../test/harness/old-operator/objects.ts';
import { canBePod } from '../../test/harness/pod.ts';
import { applyCrds, mustSucceed, type Product, startProduct } from '../../test/harness/product.ts';
import { printProgress } from '../installed/prepare-cluster.ts';
import { type Goal, ON_THE_PAGE, type Part } from './account.ts';
import { h2loadVersion, type Load, pin, runH2load, SERVER_CORE } from './h2load.ts';
import { AS_IN_THE_POD, installedWith, withControlPlane } from './installed.ts';
import { forgetPeak, residentMib } from './linux-process.ts';
import { DEPLOYMENT, reviewOf } from './payloads.ts';
import { populate, proxyOf } from './population.ts';
import { rounded, spreadOf } from './statistics.ts';
import { spreadText, table } from './table.ts';

interface GrowthOptions {
	/** The numbers of servers, in ascending order. */
	readonly servers: readonly number[];
	/** The idle time before the memory without load is measured. */
	readonly settleMs: number;
	/** The number of rounds, without the first round, in which V8 compiles. */
	readonly rounds: number;
	/** The duration of one round. */
	readonly seconds: number;
}

interface Growth {
	readonly byServers: readonly Awaited<ReturnType<typeof measure>>[];
}

const NAMESPACE = 'bench';
const CONNECTIONS = 8;
const FLAGS = {
	off: ['--reconcile=false'],
	on: ['--leader-elect=false', '--settle-seconds=0', '--rollouts-per-minute=10000'],
};

/** Requires an API server without other clients. */
export async function measureGrowth(plane: ControlPlane, options: GrowthOptions): Promise<Growth> {
	const program = installedWith(AS_IN_THE_POD);
	const servers: ServerObject[] = [];
	const byServers: Awaited<ReturnType<typeof measure>>[] = [];
	await applyCrds(plane);
	await mustSucceed(plane.kubectl(['create', 'namespace', NAMESPACE]));
	for (const count of options.servers) {
		// The webhooks complete the objects, so that the reconciler has nothing to write later.
		const registered = await startProduct(plane, { program, flags: FLAGS.off });
		const population = { namespace: NAMESPACE, from: servers.length, to: count, hasStatus: true };
		servers.push(...(await populate(plane, population)));
		await registered.stop();
		for (const reconciler of ['off', 'on'] as const) {
			const asInPod = { inPod: canBePod, env: imageEnvironment(), hasWebhooks: false };
			const product = await startProduct(plane, { program, ...asInPod, flags: FLAGS[reconciler] });
			pin(product.process.pid, SERVER_CORE);
			try {
				byServers.push(await measure(product, servers, reconciler, options));
			} finally {
				await product.stop();
			}
			printProgress(`growth: ${count} servers, reconciler ${reconciler}: ${byServers.at(-1)?.underLoad.peak} MiB`);
		}
	}
	return { byServers };
}

async function measure(
	product: Product,
	servers: readonly ServerObject[],
	reconciler: 'on' | 'off',
	{ settleMs, rounds, seconds }: GrowthOptions,
) {
	const pid = product.process.pid ?? 0;
	const readyMs = Number(product.log().find(({ msg }) => msg === 'ready')?.['time']);
	const isBusy = async (): Promise<boolean> =>
		(await metricOf(product, 'thv_scaling_reconcile_total')) < servers.length ||
		(await metricOf(product, 'thv_scaling_reconciler_queued')) > 0;
	while (reconciler === 'on' && (await isBusy())) await sleep(200);
	await sleep(settleMs);
	const settled = residentMib(pid);
	const url = `https://127.0.0.1:${product.webhookPort}/mutate?timeout=3s`;
	const loads: Load[] = [];
	forgetPeak(pid);
	for (let round = 0; round <= rounds; round += 1) {
		// Each round uses a different server, whose objects are not yet in the CPU caches.
		const server = servers[round * Math.floor(servers.length / (rounds + 1))] as ServerObject;
		const body = JSON.stringify(reviewOf({ ...DEPLOYMENT, object: { ...proxyOf(server) } }));
		const load = await runH2load({ url, body, connections: CONNECTIONS, length: { seconds }, isPinned: true });
		if (round > 0) loads.push(load);
	}
	return {
		servers: servers.length,
		reconciler,
		secondsToReady: rounded((readyMs - product.spawnedAtMs) / 1000),
		settled,
		reviewsPerSecond: Math.round(spreadOf(loads.map(({ perSecond }) => perSecond)).median),
		p50Ms: spreadOf(loads.map(({ p50Ms }) => p50Ms)),
		p99Ms: spreadOf(loads.map(({ p99Ms }) => p99Ms)),
		/** The peak covers only the time under load. */
		underLoad: residentMib(pid),
		/** Any value other than 0 shows that some objects were not in their desired state. */
		writes: await metricOf(product, 'thv_scaling_reconciler_writes_total'),
	};
}

const tables = ({ byServers }: Growth): string =>
	table(
		byServers.map((row) => ({
			servers: row.servers,
			reconciler: row.reconciler,
			's to ready': row.secondsToReady,
			'MiB resident, under load': row.underLoad.peak,
			settled: row.settled.total,
			'of it program files': row.underLoad.ofFiles,
			'of its own': row.underLoad.anonymous,
			'p50 ms': spreadText(row.p50Ms),
			'p99 ms': spreadText(row.p99Ms),
			'reviews/s': row.reviewsPerSecond,
		})),
	);

const GOAL_MIB = 150;

function goals({ byServers }: Growth): readonly Goal[] {
	const most = Math.max(...byServers.map(({ servers }) => servers));
	return byServers
		.filter(({ servers }) => servers === most)
		.map(({ reconciler, underLoad: { peak } }) => ({
			promised: `${most} servers, under load, reconciler ${reconciler}: at most ${GOAL_MIB} MiB resident`,
			measured: peak,
			isKept: peak <= GOAL_MIB,
		}));
}

export const GROWTH: Part<GrowthOptions, Growth> = {
	...ON_THE_PAGE,
	name: 'growth',
	options: { servers: [10, 1_000, 10_000], settleMs: 5_000, rounds: 5, seconds: 1 },
	shortOptions: { servers: [2, 10], settleMs: 100, rounds: 1, seconds: 1 },
	versions: () => ({ h2load: h2loadVersion() }),
	measure: (options) => withControlPlane((plane) => measureGrowth(plane, options)),
	tables: ({ results }) => tables(results),
	goals: ({ results }) => goals(results),
};
