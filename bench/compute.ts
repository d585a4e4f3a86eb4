/** How long the work itself takes: look up, decide, apply and patch, without sockets and without JSON. */
import { mutate } from '../src/admission/mutate.ts';
import { parseReview, type Request } from '../src/admission/review.ts';
import { DEFAULT_SETTINGS } from '../src/policy/settings.ts';
import { CLUSTER, deploymentReview, runConfigReview, SIZE_LIST, type Size } from './payloads.ts';
import { percentile, rounded } from './statistics.ts';

const WARM_UP_RUNS = 2_000;
const RUNS = 10_000;

const REVIEWS = { Deployment: deploymentReview, RunConfig: runConfigReview };

export interface ComputeResult {
	readonly object: keyof typeof REVIEWS;
	readonly size: Size;
	readonly p50Ms: number;
	readonly p99Ms: number;
}

/** One row per object and size. */
export async function measureCompute(): Promise<ComputeResult[]> {
	const results: ComputeResult[] = [];
	for (const object of Object.keys(REVIEWS) as (keyof typeof REVIEWS)[]) {
		for (const size of SIZE_LIST) {
			const timesMs = await timesOf(checkedRequest(REVIEWS[object](size)));
			results.push({
				object,
				size,
				p50Ms: rounded(percentile(timesMs, 0.5)),
				p99Ms: rounded(percentile(timesMs, 0.99)),
			});
		}
	}
	return results;
}

async function timesOf(request: Request): Promise<number[]> {
	const { signal } = new AbortController();
	const timesMs: number[] = [];
	for (let run = 0; run < WARM_UP_RUNS + RUNS; run += 1) {
		const startedMs = performance.now();
		await mutate(request, CLUSTER, DEFAULT_SETTINGS, signal);
		if (run >= WARM_UP_RUNS) timesMs.push(performance.now() - startedMs);
	}
	return timesMs;
}

/** Throws where nothing would be measured. */
function checkedRequest(review: string): Request {
	const request = parseReview(review);
	if ('error' in request) throw new Error(request.error);
	return request;
}
