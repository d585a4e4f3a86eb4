/** How long the work itself takes, without sockets: look up, decide, apply and patch; and reading and writing JSON beside it. */
import { mutate } from '../src/admission/mutate.ts';
import { parseReview, type Request, responseText } from '../src/admission/review.ts';
import { validate } from '../src/admission/validate.ts';
import type { Recorded } from './account.ts';
import { ON_THE_PAGE, type Part } from './part.ts';
import {
	CLUSTER,
	deploymentReview,
	runConfigReview,
	SETTINGS,
	SIZE_LIST,
	SIZES_BYTES,
	type Size,
	serverReview,
} from './payloads.ts';
import { type LinePoint, linePlot } from './plot.ts';
import { percentile, type Spread, spreadOf } from './statistics.ts';
import { spreadText, table } from './table.ts';

/** Each with what the API server asks about it. */
const OBJECTS = {
	Deployment: { review: deploymentReview, doors: ['mutate'] },
	RunConfig: { review: runConfigReview, doors: ['mutate'] },
	MCPServer: { review: serverReview, doors: ['mutate', 'validate'] },
} as const;
type ObjectName = keyof typeof OBJECTS;

export interface ComputeOptions {
	readonly rounds: number;
	/** How long each of the two kinds of work is repeated in a round, for one object and size. */
	readonly durationMs: number;
}

export interface ComputeRow {
	readonly object: ObjectName;
	readonly size: Size;
	/** Over the rounds. */
	readonly p50Ms: Spread;
	readonly p99Ms: Spread;
	/** Reading the review and writing the answer. */
	readonly jsonP50Ms: Spread;
	readonly jsonP99Ms: Spread;
}

interface Subject {
	readonly object: ObjectName;
	readonly size: Size;
	readonly work: () => Promise<unknown>;
	readonly json: () => Promise<unknown>;
	readonly timesMs: { readonly work: number[][]; readonly json: number[][] };
}

/** One row per object and size. Every round goes through all of them, so that what else the machine does meets all alike. */
export async function measureCompute({ rounds, durationMs }: ComputeOptions): Promise<ComputeRow[]> {
	const subjects = await Promise.all(
		(Object.keys(OBJECTS) as ObjectName[]).flatMap((object) => SIZE_LIST.map((size) => subjectOf(object, size))),
	);
	// The first round is for the compiler.
	for (let round = 0; round <= rounds; round += 1) {
		for (const { work, json, timesMs } of subjects) {
			const times = { work: await timesOf(work, durationMs), json: await timesOf(json, durationMs) };
			if (round === 0) continue;
			timesMs.work.push(times.work);
			timesMs.json.push(times.json);
		}
	}
	return subjects.map(({ object, size, timesMs: { work, json } }) => {
		const over = (times: readonly number[][], share: number): Spread =>
			spreadOf(times.map((one) => percentile(one, share)));
		return {
			...{ object, size, p50Ms: over(work, 0.5), p99Ms: over(work, 0.99) },
			...{ jsonP50Ms: over(json, 0.5), jsonP99Ms: over(json, 0.99) },
		};
	});
}

async function subjectOf(object: ObjectName, size: Size): Promise<Subject> {
	const text = OBJECTS[object].review(size);
	const request = checkedRequest(text);
	const { signal } = new AbortController();
	const ask = {
		mutate: () => mutate(request, CLUSTER, SETTINGS, signal),
		validate: () => validate(request, CLUSTER),
	};
	const answer = await ask.mutate();
	if (!answer.allowed || answer.patch.length === 0) throw new Error(`${object} of ${size} would not be changed at all`);
	return {
		object,
		size,
		work: async () => {
			for (const door of OBJECTS[object].doors) await ask[door]();
		},
		json: async () => [parseReview(text), responseText(request.uid, answer)],
		timesMs: { work: [], json: [] },
	};
}

/** At least once, however long that takes. */
async function timesOf(work: () => Promise<unknown>, durationMs: number): Promise<number[]> {
	const timesMs: number[] = [];
	const endMs = performance.now() + durationMs;
	let startedMs = performance.now();
	do {
		startedMs = performance.now();
		await work();
		timesMs.push(performance.now() - startedMs);
	} while (startedMs < endMs);
	return timesMs;
}

function checkedRequest(review: string): Request {
	const request = parseReview(review);
	if ('error' in request) throw new Error(request.error);
	return request;
}

const GOAL = { size: '13 KB', p99Ms: 0.2 };

export const COMPUTE: Part<ComputeOptions, readonly ComputeRow[]> = {
	...ON_THE_PAGE,
	name: 'compute',
	options: { rounds: 7, durationMs: 300 },
	shortOptions: { rounds: 2, durationMs: 2 },
	measure: measureCompute,
	tables: ({ results }) =>
		table(
			results.map((row) => ({
				object: row.object,
				review: row.size,
				'p50 ms': spreadText(row.p50Ms),
				'p99 ms': spreadText(row.p99Ms),
				'JSON beside it: p50 ms': spreadText(row.jsonP50Ms),
				'p99 ms of JSON': spreadText(row.jsonP99Ms),
			})),
		),
	goals: ({ results }) =>
		results
			.filter(({ size }) => size === GOAL.size)
			.map(({ object, p99Ms }) => ({
				promised: `${object} of ${GOAL.size}: p99 below ${GOAL.p99Ms} ms`,
				measured: spreadText(p99Ms),
				isKept: p99Ms.median < GOAL.p99Ms,
			})),
	plots: (recorded) => ({ compute: plotOf(recorded) }),
};

function plotOf({ results, options }: Recorded<ComputeOptions, readonly ComputeRow[]>) {
	const point = (series: string, { size }: ComputeRow, { median, min, max }: Spread): LinePoint => ({
		...{ series, at: SIZES_BYTES[size] / 1000, value: median, low: min, high: max },
	});
	const isDeployment = ({ object }: ComputeRow): boolean => object === 'Deployment';
	return linePlot(
		{
			title: 'The work for one object: look up, decide, apply, patch',
			subtitle: `p99; median and range of ${options.rounds} rounds`,
			x: { title: 'AdmissionReview, KB', isLog: true, ticks: Object.values(SIZES_BYTES).map((bytes) => bytes / 1000) },
			y: { title: 'ms', isLog: true },
			goal: { value: GOAL.p99Ms, label: `goal at ${GOAL.size}: ${GOAL.p99Ms} ms` },
		},
		[
			...results.filter(isDeployment).map((row) => point('JSON of a Deployment', row, row.jsonP99Ms)),
			...results.map((row) => point(row.object, row, row.p99Ms)),
		],
	);
}
