/**
 * What it costs against size: a real `thv-scaling serve` beside a real API server that holds more and more MCPServers, each with its
 * Deployment and its RunConfig. Memory of the process, how long until it is ready, and how long a review takes.
 *
 * Nothing is left to do for the reconciler, so what is measured is what the product remembers, and not its work.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startControlPlane } from '../test/control-plane/start.ts';
import { metricOf } from '../test/e2e/metrics.ts';
import { applyCrds, mustSucceed, type Product, ROOT, startProduct } from '../test/e2e/product.ts';
import type { ServerObject } from '../test/old-operator/objects.ts';
import { type Asker, startAsker } from './asking.ts';
import { forgetPeak, type ResidentMib, residentMib } from './linux-process.ts';
import { populate, proxyOf } from './population.ts';
import { percentile, rounded } from './statistics.ts';

export interface GrowthOptions {
	/** Ascending. */
	readonly servers: readonly number[];
	/** How long nothing happens before what is at rest is measured. */
	readonly settleMs: number;
	/** Reviews of one round of load. */
	readonly reviews: number;
	readonly rounds: number;
	readonly connections: number;
	/** Whose `serve` is measured, after flags of Node. */
	readonly program: readonly string[];
	readonly say: (line: string) => void;
}

/** What is installed is compiled: to take the types off, Node loads a compiler that weighs 30 MiB. */
export const COMPILED = join(ROOT, 'dist/main.js');

/**
 * What Node 24 takes for itself where it sees the limit of 512 MiB that manifests/ sets; it reads that from its cgroup. On a machine with
 * 24 GiB and no limit it takes 4 GiB and 64 MiB, and fills them before it looks for garbage.
 */
export const AS_IN_THE_POD = ['--max-old-space-size=256', '--max-semi-space-size=1'];

export interface Memory extends ResidentMib {
	readonly heapUsed: number;
	readonly heapTotal: number;
	readonly external: number;
}

export interface Grown {
	readonly servers: number;
	readonly reconciler: 'on' | 'off';
	/** From the start of the process to its own word that it is ready. */
	readonly secondsToReady: number;
	readonly atReady: Memory;
	readonly settled: Memory;
	/** While it answers reviews as fast as it can; `peak` is of this time alone. */
	readonly underLoad: Memory;
	readonly afterLoad: Memory;
	readonly reviewsPerSecond: number;
	readonly p50Ms: number;
	readonly p99Ms: number;
	/** 0, or the objects were not as wished, and its work was measured. */
	readonly writes: number;
}

const NAMESPACE = 'bench';
const WITHOUT_WORK = ['--leader-elect=false', '--settle-seconds=0', '--rollouts-per-minute=10000'];

export async function measureGrowth(options: GrowthOptions): Promise<Grown[]> {
	const { program } = options;
	if (!existsSync(program.at(-1) ?? '')) throw new Error(`${program.at(-1)} is not there: make install`);
	const plane = await startControlPlane();
	const asker = startAsker();
	try {
		await applyCrds(plane);
		await mustSucceed(plane.kubectl(['create', 'namespace', NAMESPACE]));
		const all: ServerObject[] = [];
		const rows: Grown[] = [];
		for (const servers of options.servers) {
			const startedMs = performance.now();
			// What it writes into them is what the measured one would write.
			const maker = await startProduct(plane, { program, flags: ['--reconcile=false'] });
			all.push(...(await populate(plane, { namespace: NAMESPACE, from: all.length, to: servers })));
			await maker.stop();
			options.say(`${servers} servers after ${Math.round((performance.now() - startedMs) / 1000)} s`);
			for (const reconciler of ['off', 'on'] as const) {
				const flags = reconciler === 'on' ? WITHOUT_WORK : ['--reconcile=false'];
				const product = await startProduct(plane, { program, flags, isRegistered: false });
				rows.push(await measure(product, asker, all, reconciler, options));
				await product.stop();
				options.say(JSON.stringify(rows.at(-1)));
			}
		}
		return rows;
	} finally {
		asker.stop();
		await plane.stop();
	}
}

async function measure(
	product: Product,
	asker: Asker,
	servers: readonly ServerObject[],
	reconciler: 'on' | 'off',
	{ settleMs, reviews, rounds, connections }: GrowthOptions,
): Promise<Grown> {
	const pid = product.process.pid ?? 0;
	const secondsToReady = timeOf(product, 'ready') / 1000 - (await metricOf(product, 'process_start_time_seconds'));
	const atReady = await memoryOf(product);
	if (reconciler === 'on') await passed(product, servers.length);
	await sleep(settleMs);
	const settled = await memoryOf(product);
	forgetPeak(pid);
	const job = {
		port: product.webhookPort,
		ca: product.authority,
		requests: reviewsOf(servers),
		connections,
		count: reviews,
		status: 200,
		// The patch exists only where the server was found.
		contains: ['"allowed":true', '"patch":"'],
	};
	const latenciesMs: number[] = [];
	let seconds = 0;
	let underLoad = settled;
	// Until the compiler of V8 has seen it.
	await asker.ask(job);
	for (let round = 0; round < rounds; round += 1) {
		const asked = await asker.ask(job);
		latenciesMs.push(...asked.latenciesMs);
		seconds += asked.seconds;
		underLoad = await memoryOf(product);
	}
	await sleep(settleMs);
	return {
		servers: servers.length,
		reconciler,
		secondsToReady: rounded(secondsToReady),
		atReady,
		settled,
		underLoad,
		afterLoad: await memoryOf(product),
		reviewsPerSecond: Math.round(latenciesMs.length / seconds),
		p50Ms: rounded(percentile(latenciesMs, 0.5)),
		p99Ms: rounded(percentile(latenciesMs, 0.99)),
		writes: await metricOf(product, 'thv_scaling_reconciler_writes_total'),
	};
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

async function memoryOf(product: Product): Promise<Memory> {
	const resident = residentMib(product.process.pid ?? 0);
	const mib = async (metric: string): Promise<number> => Math.round((await metricOf(product, metric)) / 2 ** 18) / 4;
	return {
		...resident,
		heapUsed: await mib('nodejs_heap_size_used_bytes'),
		heapTotal: await mib('nodejs_heap_size_total_bytes'),
		external: await mib('nodejs_external_memory_bytes'),
	};
}

const timeOf = (product: Product, message: string): number =>
	Number(product.log().find(({ msg }) => msg === message)?.['time']);

/** Evenly spread over what is remembered, so that nobody's answer is at hand from the one before. */
function reviewsOf(servers: readonly ServerObject[]): { path: string; body: string }[] {
	const step = Math.max(1, Math.floor(servers.length / 100));
	return servers
		.filter((_, at) => at % step === 0)
		.map((server) => ({ path: '/mutate?timeout=3s', body: JSON.stringify(reviewOf(proxyOf(server))) }));
}

const reviewOf = (object: ReturnType<typeof proxyOf>): object => ({
	kind: 'AdmissionReview',
	apiVersion: 'admission.k8s.io/v1',
	request: {
		uid: '705ab4f5-6393-11e8-b7cc-42010a800002',
		kind: { group: 'apps', version: 'v1', kind: 'Deployment' },
		resource: { group: 'apps', version: 'v1', resource: 'deployments' },
		name: object.metadata.name,
		namespace: object.metadata.namespace,
		operation: 'CREATE',
		userInfo: { username: 'system:serviceaccount:toolhive-system:toolhive-operator' },
		object,
		oldObject: null,
		dryRun: false,
	},
});
