/**
 * What it costs against size: a real `thv-scaling serve` beside a real API server that holds more and more MCPServers, each with its
 * Deployment and its RunConfig. Memory of the process, how long until it is ready, and how long a review takes.
 *
 * Nothing is left to do for the reconciler, so what is measured is what the product remembers, and not its work.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { imageEnvironment } from '../test/agreement/image.ts';
import type { ControlPlane } from '../test/control-plane/start.ts';
import { metricOf } from '../test/e2e/metrics.ts';
import { canBePod } from '../test/e2e/pod.ts';
import { applyCrds, mustSucceed, type Product, startProduct } from '../test/e2e/product.ts';
import type { ServerObject } from '../test/old-operator/objects.ts';
import { type Asker, startAsker } from './asking.ts';
import { growthGoals, growthPlots, growthTables } from './growth-report.ts';
import { AS_IN_THE_POD, installedWith, tell, withControlPlane } from './installed.ts';
import { ON_THE_PAGE, type Part } from './part.ts';
import { populate } from './population.ts';
import { type MemoryMib, memoryOf, type Reviewing, review, type Speed } from './reviewing.ts';
import { reviewsOf, reviewsOfSize, unownedReview } from './reviews.ts';
import { rounded, type Spread, spreadOf } from './statistics.ts';

export interface GrowthOptions extends Reviewing {
	/** Ascending. */
	readonly servers: readonly number[];
	/** KB of the object in a review, while the fewest servers are there. */
	readonly kilobytes: readonly number[];
	/** How long nothing happens before what is at rest is measured. */
	readonly settleMs: number;
	readonly nodeFlags: readonly string[];
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
const READY_MS = 180_000;

/** On an API server of its own, or on one that nobody else uses meanwhile. */
export async function measureGrowth(plane: ControlPlane, options: GrowthOptions): Promise<Growth> {
	const program = installedWith(options.nodeFlags);
	const asker = startAsker();
	const servers: ServerObject[] = [];
	const byServers: Grown[] = [];
	let bySize: readonly Sized[] = [];
	try {
		await applyCrds(plane);
		await mustSucceed(plane.kubectl(['create', 'namespace', NAMESPACE]));
		for (const count of options.servers) {
			await grow(plane, program, servers, count);
			for (const reconciler of ['off', 'on'] as const) {
				const flags = reconciler === 'on' ? ON : OFF;
				const product = await startProduct(plane, {
					program,
					flags,
					inPod: canBePod,
					env: imageEnvironment(),
					isRegistered: false,
					readyTimeoutMs: READY_MS,
				});
				try {
					byServers.push(await measure(product, asker, servers, reconciler, options));
					if (bySize.length === 0) bySize = await measureSizes(product, asker, servers[0] as ServerObject, options);
				} finally {
					await product.stop();
				}
				tell(`growth: ${JSON.stringify(byServers.at(-1))}`);
			}
		}
		return { byServers, bySize };
	} finally {
		asker.stop();
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
	const maker = await startProduct(plane, { program, flags: OFF, readyTimeoutMs: READY_MS });
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
	// Not from process_start_time_seconds, which prom-client rounds to a whole second.
	const secondsToReady = (timeOf(product, 'ready') - product.spawnedAtMs) / 1000;
	const atReady = await memoryOf(product);
	if (reconciler === 'on') await passed(product, servers.length);
	await sleep(options.settleMs);
	const settled = await memoryOf(product);
	const kinds = [reviewsOf(servers), [unownedReview(servers[0] as ServerObject)]];
	const { speeds, ratios, memory } = await review(product, asker, kinds, options);
	await sleep(options.settleMs);
	return {
		servers: servers.length,
		reconciler,
		secondsToReady: rounded(secondsToReady),
		atReady,
		settled,
		underLoad: memory,
		afterLoad: await memoryOf(product),
		...(speeds[0] as Speed),
		lookUpRatio: spreadOf(ratios),
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
		// Fewer of the large ones, but never too few to say something of.
		const reviews = Math.max(100, Math.round(options.reviews / Math.max(1, kilobytes / 10)));
		const kinds = [reviewsOfSize(server, kilobytes * 1000)];
		const { speeds, memory } = await review(product, asker, kinds, { ...options, reviews });
		rows.push({ kilobytes, underLoad: memory, ...(speeds[0] as Speed) });
	}
	return rows;
}

/** Every server was looked at. */
async function passed(product: Product, servers: number): Promise<void> {
	while (
		(await metricOf(product, 'thv_scaling_reconciler_passes_total')) < servers ||
		(await metricOf(product, 'thv_scaling_reconciler_queued')) > 0
	) {
		await sleep(200);
	}
}

const timeOf = (product: Product, message: string): number =>
	Number(product.log().find(({ msg }) => msg === message)?.['time']);

export const GROWTH: Part<GrowthOptions, Growth> = {
	...ON_THE_PAGE,
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
	measure: (options) => withControlPlane((plane) => measureGrowth(plane, options)),
	tables: growthTables,
	goals: growthGoals,
	plots: growthPlots,
};
