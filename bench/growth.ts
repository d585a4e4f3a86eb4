/**
 * What it costs against size: a real `thv-scaling serve` beside a real API server that holds more and more MCPServers, each with its
 * Deployment and its RunConfig. Memory of the process, how long until it is ready, and how long a review takes.
 *
 * Nothing is left to do for the reconciler, so what is measured is what the product remembers, and not its work.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type ControlPlane, startControlPlane } from '../test/control-plane/start.ts';
import { metricOf } from '../test/e2e/metrics.ts';
import { applyCrds, mustSucceed, type Product, startProduct } from '../test/e2e/product.ts';
import type { ServerObject } from '../test/old-operator/objects.ts';
import type { Job } from './asker.ts';
import { type Asker, startAsker } from './asking.ts';
import { growthPlots, growthTables } from './growth-report.ts';
import { AS_IN_THE_POD, installedWith, tell } from './installed.ts';
import { forgetPeak, type ResidentMib, residentMib } from './linux-process.ts';
import type { Part } from './part.ts';
import { populate } from './population.ts';
import { reviewsOf, reviewsOfSize, unownedReview } from './reviews.ts';
import { percentile, rounded, type Spread, spreadOf } from './statistics.ts';

export interface GrowthOptions {
	/** Ascending. */
	readonly servers: readonly number[];
	/** KB of the object in a review, while the fewest servers are there. */
	readonly kilobytes: readonly number[];
	/** How long nothing happens before what is at rest is measured. */
	readonly settleMs: number;
	/** Reviews of one round of load. */
	readonly reviews: number;
	readonly rounds: number;
	readonly connections: number;
	readonly nodeFlags: readonly string[];
}

export interface MemoryMib extends ResidentMib {
	readonly heapUsed: number;
	readonly heapTotal: number;
	readonly external: number;
}

interface Speed {
	readonly reviewsPerSecond: number;
	/** Over the rounds. */
	readonly p50Ms: Spread;
	readonly p99Ms: Spread;
}

export interface Grown extends Speed {
	readonly servers: number;
	readonly reconciler: 'on' | 'off';
	/** From the start of the process to its own word that it is ready. */
	readonly secondsToReady: number;
	readonly atReady: MemoryMib;
	readonly settled: MemoryMib;
	/** While it answers as fast as it can; `peak` is of this time alone. */
	readonly underLoad: MemoryMib;
	readonly afterLoad: MemoryMib;
	/** p50 against that of a review for which nothing is looked up, asked in the same rounds. */
	readonly lookUpRatio: Spread;
	/** 0, or the objects were not as wished, and its work was measured. */
	readonly writes: number;
}

export interface Sized extends Speed {
	readonly kilobytes: number;
	readonly underLoad: MemoryMib;
}

export interface Growth {
	readonly byServers: readonly Grown[];
	readonly bySize: readonly Sized[];
}

const NAMESPACE = 'bench';
const ON = ['--leader-elect=false', '--settle-seconds=0', '--rollouts-per-minute=10000'];
const OFF = ['--reconcile=false'];

export async function measureGrowth(options: GrowthOptions): Promise<Growth> {
	const program = installedWith(options.nodeFlags);
	const plane = await startControlPlane();
	const asker = startAsker();
	try {
		await applyCrds(plane);
		await mustSucceed(plane.kubectl(['create', 'namespace', NAMESPACE]));
		const servers: ServerObject[] = [];
		const byServers: Grown[] = [];
		let bySize: readonly Sized[] = [];
		for (const count of options.servers) {
			await grow(plane, program, servers, count);
			for (const reconciler of ['off', 'on'] as const) {
				const flags = reconciler === 'on' ? ON : OFF;
				const product = await startProduct(plane, { program, flags, isRegistered: false, readyTimeoutMs: 180_000 });
				byServers.push(await measure(product, asker, servers, reconciler, options));
				if (bySize.length === 0) bySize = await measureSizes(product, asker, servers[0] as ServerObject, options);
				await product.stop();
				tell(`growth: ${JSON.stringify(byServers.at(-1))}`);
			}
		}
		return { byServers, bySize };
	} finally {
		asker.stop();
		await plane.stop();
	}
}

/** Made through the product, so that it has nothing to write into them later. */
async function grow(
	plane: ControlPlane,
	program: readonly string[],
	servers: ServerObject[],
	count: number,
): Promise<void> {
	const startedMs = performance.now();
	const maker = await startProduct(plane, { program, flags: OFF, readyTimeoutMs: 180_000 });
	servers.push(...(await populate(plane, { namespace: NAMESPACE, from: servers.length, to: count })));
	await maker.stop();
	tell(`growth: ${count} servers after ${Math.round((performance.now() - startedMs) / 1000)} s`);
}

async function measure(
	product: Product,
	asker: Asker,
	servers: readonly ServerObject[],
	reconciler: 'on' | 'off',
	options: GrowthOptions,
): Promise<Grown> {
	const secondsToReady = timeOf(product, 'ready') / 1000 - (await metricOf(product, 'process_start_time_seconds'));
	const atReady = await memoryOf(product);
	if (reconciler === 'on') await passed(product, servers.length);
	await sleep(options.settleMs);
	const settled = await memoryOf(product);
	const owned = jobOf(product, options, reviewsOf(servers), true);
	const unowned = jobOf(product, options, [unownedReview(servers[0] as ServerObject)], false);
	const { speed, others, underLoad } = await underTurns(product, asker, owned, unowned, options.rounds);
	await sleep(options.settleMs);
	return {
		servers: servers.length,
		reconciler,
		secondsToReady: rounded(secondsToReady),
		atReady,
		settled,
		underLoad,
		afterLoad: await memoryOf(product),
		...speedOf(speed),
		lookUpRatio: spreadOf(speed.map((round, at) => percentile(round.ms, 0.5) / percentile(others[at]?.ms ?? [], 0.5))),
		writes: await metricOf(product, 'thv_scaling_reconciler_writes_total'),
	};
}

async function measureSizes(
	product: Product,
	asker: Asker,
	server: ServerObject,
	options: GrowthOptions,
): Promise<Sized[]> {
	const rows: Sized[] = [];
	for (const kilobytes of options.kilobytes) {
		// As many bytes for each size, but never too few to say something of.
		const reviews = Math.max(100, Math.round(options.reviews / Math.max(1, kilobytes / 10)));
		const job = jobOf(product, { ...options, reviews }, reviewsOfSize(server, kilobytes * 1000), true);
		const { speed, underLoad } = await underTurns(product, asker, job, undefined, options.rounds);
		rows.push({ kilobytes, underLoad, ...speedOf(speed) });
	}
	return rows;
}

interface Round {
	readonly ms: readonly number[];
	readonly seconds: number;
}

/** Both jobs in turn, `rounds` times, after once each for V8 to compile what runs. */
async function underTurns(product: Product, asker: Asker, job: Job, other: Job | undefined, rounds: number) {
	const speed: Round[] = [];
	const others: Round[] = [];
	const ask = async (one: Job): Promise<Round> => {
		const { latenciesMs, seconds } = await asker.ask(one);
		return { ms: latenciesMs, seconds };
	};
	forgetPeak(product.process.pid ?? 0);
	for (let round = -1; round < rounds; round += 1) {
		const asked = await ask(job);
		const askedOther = other === undefined ? undefined : await ask(other);
		if (round >= 0) speed.push(asked);
		if (round >= 0 && askedOther !== undefined) others.push(askedOther);
	}
	return { speed, others, underLoad: await memoryOf(product) };
}

const speedOf = (rounds: readonly Round[]): Speed => ({
	reviewsPerSecond: Math.round(
		rounds.reduce((sum, { ms }) => sum + ms.length, 0) / rounds.reduce((sum, { seconds }) => sum + seconds, 0),
	),
	p50Ms: spreadOf(rounds.map(({ ms }) => percentile(ms, 0.5))),
	p99Ms: spreadOf(rounds.map(({ ms }) => percentile(ms, 0.99))),
});

const jobOf = (
	product: Product,
	{ connections, reviews }: Pick<GrowthOptions, 'connections' | 'reviews'>,
	requests: Job['requests'],
	isPatched: boolean,
): Job => ({
	port: product.webhookPort,
	ca: product.authority,
	requests,
	connections,
	count: reviews,
	status: 200,
	// There is a patch only where the server was found.
	contains: ['"allowed":true', ...(isPatched ? ['"patch":"'] : [])],
});

/** Every server was looked at. */
async function passed(product: Product, servers: number): Promise<void> {
	while (
		(await metricOf(product, 'thv_scaling_reconciler_passes_total')) < servers ||
		(await metricOf(product, 'thv_scaling_reconciler_queued')) > 0
	) {
		await sleep(200);
	}
}

async function memoryOf(product: Product): Promise<MemoryMib> {
	const resident = residentMib(product.process.pid ?? 0);
	const mib = async (metric: string): Promise<number> => rounded((await metricOf(product, metric)) / 2 ** 20);
	return {
		...resident,
		heapUsed: await mib('nodejs_heap_size_used_bytes'),
		heapTotal: await mib('nodejs_heap_size_total_bytes'),
		external: await mib('nodejs_external_memory_bytes'),
	};
}

const timeOf = (product: Product, message: string): number =>
	Number(product.log().find(({ msg }) => msg === message)?.['time']);

export const GROWTH: Part<GrowthOptions, Growth> = {
	name: 'growth',
	options: {
		servers: [10, 100, 1_000, 10_000],
		kilobytes: [2, 13, 50, 500, 1_000],
		settleMs: 5_000,
		reviews: 2_000,
		rounds: 5,
		connections: 8,
		nodeFlags: AS_IN_THE_POD,
	},
	shortOptions: {
		servers: [2, 10],
		kilobytes: [2, 50],
		settleMs: 100,
		reviews: 20,
		rounds: 1,
		connections: 2,
		nodeFlags: AS_IN_THE_POD,
	},
	measure: measureGrowth,
	tables: growthTables,
	plots: growthPlots,
};
