/** Checks the figures of a soak, and generates the tables of `make soak`. */
import type { Account } from '../bench/account.ts';
import { table } from '../bench/table.ts';
import { type Check, type CheckCounts, goalOf } from '../chaos/report.ts';
import { EVERY_SECONDS, FIGURES, type Row } from './samples.ts';
import { leastOf, SIGMAS, slopeOf } from './slope.ts';

/** During this share of the run, compiled code and memory pools still grow. */
const WARM_UP_SHARE = 0.4;
/** The minimum share of the possible samples. A process that is suspended for 18 s has no samples during that time. */
const LEAST_SHARE = 0.5;
const WINDOWS = 24;

const tenth = (value: number): number => Math.round(value * 10) / 10;

/** Returns the range and the growth of each figure of each replica. */
export const figuresOf = (rows: readonly Row[], seconds: number, replicas: readonly string[]) =>
	replicas.flatMap((replica) =>
		FIGURES.map(({ name, most: bound }) => {
			const own = rows.filter((row) => row.replica === replica);
			const samples = own.map(({ atSeconds, values }) => ({ atSeconds, value: values[name] ?? Number.NaN }));
			const warm = samples.filter(({ atSeconds }) => atSeconds >= seconds * WARM_UP_SHARE);
			const { growth, perHour, sigmas } = slopeOf(leastOf(warm, (seconds * (1 - WARM_UP_SHARE)) / WINDOWS));
			const values = samples.map(({ value }) => value);
			return {
				...{ replica, figure: name, least: tenth(Math.min(...values)), most: tenth(Math.max(...values)) },
				...{ grew: tenth(growth), sigmas: tenth(sigmas), perHour: tenth(perHour), bound },
			};
		}),
	);

/** Returns one check for each figure of each replica, and one check for the number of samples. */
export function judge(rows: readonly Row[], seconds: number, replicas: readonly string[]): Check[] {
	const least = Math.ceil((seconds * (1 - WARM_UP_SHARE) * LEAST_SHARE) / EVERY_SECONDS);
	return [
		...replicas.map((replica) => {
			const count = rows.filter((row) => row.replica === replica && row.atSeconds >= seconds * WARM_UP_SHARE).length;
			const failures = count >= least ? [] : [`${count} samples after the warm-up; ${least} are required`];
			return { check: `the ${replica} replica has samples`, failures };
		}),
		...figuresOf(rows, seconds, replicas).map(({ replica, figure, grew, sigmas, bound }) => ({
			check: `${figure} of the ${replica} replica does not grow`,
			failures: grew > bound && sigmas > SIGMAS ? [`grew by ${grew}, more than ${bound}; ${sigmas} sigmas`] : [],
		})),
	];
}

interface SoakResults extends CheckCounts {
	readonly calls: number;
	readonly disturbances: number;
	readonly longestSilenceSeconds: number;
	readonly figures: ReturnType<typeof figuresOf>;
}

export const SOAK: Account<{ readonly minutes: number; readonly seed: number }, SoakResults> = {
	name: 'soak',
	command: 'make soak',
	page: 'docs/reliability.md',
	tables: ({ options: { minutes, seed }, results: { calls, disturbances, longestSilenceSeconds, figures } }) =>
		[
			`${minutes} minutes, SEED=${seed}: ${calls} calls, ${disturbances} disturbances. Longest time without a watch event: ${longestSilenceSeconds} s.`,
			table(
				figures.map(({ replica, figure, least, most, grew, sigmas, perHour, bound }) => ({
					...{ replica, figure, minimum: least, maximum: most, growth: grew, sigmas },
					...{ 'growth per hour': perHour, bound },
				})),
			),
		].join('\n\n'),
	goals: ({ results }) => [goalOf('nothing grows, and at the end every object is in its desired state', results)],
};
