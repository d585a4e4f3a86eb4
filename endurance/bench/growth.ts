/**
 * The cost against size: a real `thv-scaling serve` beside a real API server that holds more and more MCPServers, each with its
 * Deployment and its RunConfig. Memory of the process, how long until it is ready, and how long a review takes.
 *
 * The reconciler has nothing to write, so what is measured is the watch caches and not its work.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ControlPlane } from '../../test/harness/control-plane/start.ts';
import { imageEnvironment } from '../../test/harness/image.ts';
import { metricOf } from '../../test/harness/metrics.ts';
import type { ServerObject } from '../../test/harness/old-operator/objects.ts';
import { canBePod } from '../../test/harness/pod.ts';
import { applyCrds, mustSucceed, type Product, startProduct } from '../../test/harness/product.ts';
import { type Goal, ON_THE_PAGE, type Part } from './account.ts';
import { h2loadVersion, pin, runH2load, SERVER_CORE } from './h2load.ts';
import { AS_IN_THE_POD, installedWith, printProgress, withControlPlane } from './installed.ts';
import { forgetPeak, type ResidentMib, residentMib } from './linux-process.ts';
import { DEPLOYMENT, reviewOf } from './payloads.ts';
import { populate, proxyOf } from './population.ts';
import { percentile, rounded, type Spread, spreadOf } from './statistics.ts';
import { spreadText, table } from './table.ts';

export interface GrowthOptions {
	/** Ascending. */
	readonly servers: readonly number[];
	/** How long nothing happens before what is at rest is measured. */
	readonly settleMs: number;
	/** One more goes before and is not counted: V8 compiles what runs. */
	readonly rounds: number;
	/** Of one round. */
	readonly seconds: number;
}

interface Reviewed {
	readonly reviewsPerSecond: number;
	/** Over the rounds. */
	readonly p50Ms: Spread;
	readonly p99Ms: Spread;
	/** `peak` is of this time alone. */
	readonly underLoad: ResidentMib;
}

export interface Grown extends Reviewed {
	readonly servers: number;
	readonly reconciler: 'on' | 'off';
	/** From the start of the process until it logs that it is ready. */
	readonly secondsToReady: number;
	readonly settled: ResidentMib;
	/** Other than 0: the objects were not in their desired state, and the work of the reconciler was measured. */
	readonly writes: number;
}

export interface Growth {
	readonly byServers: readonly Grown[];
}

const NAMESPACE = 'bench';
const CONNECTIONS = 8;
const ON = ['--leader-elect=false', '--settle-seconds=0', '--rollouts-per-minute=10000'];
const OFF = ['--reconcile=false'];

/** On an API server of its own, or on one that has no other client meanwhile. */
export async function measureGrowth(plane: ControlPlane, options: GrowthOptions): Promise<Growth> {
	const program = installedWith(AS_IN_THE_POD);
	const servers: ServerObject[] = [];
	const byServers: Grown[] = [];
	await applyCrds(plane);
	await mustSucceed(plane.kubectl(['create', 'namespace', NAMESPACE]));
	for (const count of options.servers) {
		// Made through the product, so that it has nothing to write into them later.
		const maker = await startProduct(plane, { program, flags: OFF });
		const population = { namespace: NAMESPACE, from: servers.length, to: count, hasStatus: true };
		servers.push(...(await populate(plane, population)));
		await maker.stop();
		for (const reconciler of ['off', 'on'] as const) {
			const product = await startProduct(plane, {
				program,
				flags: reconciler === 'on' ? ON : OFF,
				inPod: canBePod,
				env: imageEnvironment(),
				hasWebhooks: false,
			});
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
	options: GrowthOptions,
): Promise<Grown> {
	const readyMs = Number(product.log().find(({ msg }) => msg === 'ready')?.['time']);
	while (
		reconciler === 'on' &&
		((await metricOf(product, 'thv_scaling_reconcile_total')) < servers.length ||
			(await metricOf(product, 'thv_scaling_reconciler_queued')) > 0)
	) {
		await sleep(200);
	}
	await sleep(options.settleMs);
	const settled = residentMib(product.process.pid ?? 0);
	// Another server in each round, so that its objects are not in the caches of the CPU.
	const step = Math.floor(servers.length / (options.rounds + 1));
	const bodies = Array.from({ length: options.rounds + 1 }, (_, at) =>
		requestFor(proxyOf(servers[at * step] ?? (servers[0] as ServerObject))),
	);
	return {
		servers: servers.length,
		reconciler,
		secondsToReady: rounded((readyMs - product.spawnedAtMs) / 1000),
		settled,
		...(await review(product, bodies, options)),
		writes: await metricOf(product, 'thv_scaling_reconciler_writes_total'),
	};
}

async function review(product: Product, bodies: readonly string[], options: GrowthOptions): Promise<Reviewed> {
	const url = `https://127.0.0.1:${product.webhookPort}/mutate?timeout=3s`;
	const loads: { p50Ms: number; p99Ms: number; perSecond: number }[] = [];
	const length = { seconds: options.seconds };
	forgetPeak(product.process.pid ?? 0);
	for (let round = 0; round <= options.rounds; round += 1) {
		const body = bodies[round % bodies.length] ?? '';
		const load = await runH2load({ url, body, connections: CONNECTIONS, length, isPinned: true });
		const [p50Ms, p99Ms] = [percentile(load.latenciesMs, 0.5), percentile(load.latenciesMs, 0.99)];
		if (round > 0) loads.push({ p50Ms, p99Ms, perSecond: load.requests / load.seconds });
	}
	return {
		reviewsPerSecond: Math.round(spreadOf(loads.map(({ perSecond }) => perSecond)).median),
		p50Ms: spreadOf(loads.map(({ p50Ms }) => p50Ms)),
		p99Ms: spreadOf(loads.map(({ p99Ms }) => p99Ms)),
		underLoad: residentMib(product.process.pid ?? 0),
	};
}

/** AdmissionReview of the CREATE of a proxy Deployment of a server that exists. */
const requestFor = (object: ReturnType<typeof proxyOf>): string =>
	JSON.stringify(reviewOf({ ...DEPLOYMENT, object: { ...object } }));

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
		.map(({ reconciler, underLoad }) => ({
			promised: `${most} servers, under load, reconciler ${reconciler}: at most ${GOAL_MIB} MiB resident`,
			measured: `${underLoad.peak}`,
			isKept: underLoad.peak <= GOAL_MIB,
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
