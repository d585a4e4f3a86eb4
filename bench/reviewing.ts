/** A running product that is asked as fast as it answers: how long reviews take, and what memory it has meanwhile. */
import { metricOf } from '../test/e2e/metrics.ts';
import type { Product } from '../test/e2e/product.ts';
import type { Job } from './asker.ts';
import type { Asker } from './asking.ts';
import { forgetPeak, type ResidentMib, residentMib } from './linux-process.ts';
import { percentile, rounded, type Spread, spreadOf } from './statistics.ts';

export interface MemoryMib extends ResidentMib {
	readonly heapUsed: number;
	readonly heapTotal: number;
	readonly external: number;
}

export interface Speed {
	readonly reviewsPerSecond: number;
	/** Over the rounds. */
	readonly p50Ms: Spread;
	readonly p99Ms: Spread;
}

export interface Reviewing {
	readonly connections: number;
	/** In one round. */
	readonly reviews: number;
	readonly rounds: number;
}

export interface Reviewed {
	/** One for each kind of requests. */
	readonly speeds: readonly Speed[];
	/** p50 of the first kind against that of the second, round by round; empty where there is no second. */
	readonly ratios: readonly number[];
	/** `peak` is of this time alone. */
	readonly memory: MemoryMib;
}

interface Round {
	readonly ms: readonly number[];
	readonly seconds: number;
}

/** Each kind of requests in turn. One round more goes before and is not counted: V8 compiles what runs. */
export async function review(
	product: Product,
	asker: Asker,
	kinds: readonly Job['requests'][],
	{ connections, reviews, rounds }: Reviewing,
): Promise<Reviewed> {
	const seen: Round[][] = kinds.map(() => []);
	forgetPeak(product.process.pid ?? 0);
	for (let round = -1; round < rounds; round += 1) {
		for (const [at, requests] of kinds.entries()) {
			const job = { port: product.webhookPort, ca: product.authority, requests, connections, count: reviews };
			// Without a patch nothing was found and nothing proved; the second kind is what is left alone.
			const contains = ['"allowed":true', ...(at === 0 ? ['"patch":"'] : [])];
			const { latenciesMs, refused, seconds } = await asker.ask({ ...job, status: 200, contains });
			if (refused > 0) throw new Error(`${refused} of ${reviews} reviews were refused`);
			if (round >= 0) seen[at]?.push({ ms: latenciesMs, seconds });
		}
	}
	const [first = [], second = []] = seen;
	return {
		speeds: seen.map(speedOf),
		ratios: first.flatMap(({ ms }, at) => {
			const other = second[at];
			return other === undefined ? [] : [percentile(ms, 0.5) / percentile(other.ms, 0.5)];
		}),
		memory: await memoryOf(product),
	};
}

const speedOf = (rounds: readonly Round[]): Speed => ({
	reviewsPerSecond: Math.round(
		rounds.reduce((sum, { ms }) => sum + ms.length, 0) / rounds.reduce((sum, { seconds }) => sum + seconds, 0),
	),
	p50Ms: spreadOf(rounds.map(({ ms }) => percentile(ms, 0.5))),
	p99Ms: spreadOf(rounds.map(({ ms }) => percentile(ms, 0.99))),
});

export async function memoryOf(product: Product): Promise<MemoryMib> {
	const resident = residentMib(product.process.pid ?? 0);
	const mib = async (metric: string): Promise<number> => rounded((await metricOf(product, metric)) / 2 ** 20);
	return {
		...resident,
		heapUsed: await mib('nodejs_heap_size_used_bytes'),
		heapTotal: await mib('nodejs_heap_size_total_bytes'),
		external: await mib('nodejs_external_memory_bytes'),
	};
}
