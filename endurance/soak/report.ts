/** What the figures of a soak say: a verdict for each, and what docs/reliability.md tells of it. */
import type { Account } from '../bench/account.ts';
import { table } from '../bench/table.ts';
import { type Check, type Checked, checkedOf, goalOf } from '../chaos/checks.ts';
import { EVERY_SECONDS, FIGURES, type Figure, type Row } from './samples.ts';
import { isGrowing, leastOf, type Sample, type Slope, slopeOf } from './slope.ts';

/** Code is compiled and pools fill in the beginning: that is growth which ends. */
const WARM_UP_SHARE = 0.4;
/** Of the looks that there could be: a process that is stopped for 18 s tells nothing. */
const LEAST_SHARE = 0.5;
/** As many windows, however long it soaks. */
const WINDOWS = 24;
/** Of one line of the plot. */
const MOST_POINTS = 120;

const samplesOf = (rows: readonly Row[], replica: string, { name }: Figure): Sample[] =>
	rows
		.filter((row) => row.replica === replica)
		.map(({ atSeconds, values }) => ({ atSeconds, value: values[name] ?? Number.NaN }));

function slopeIn(rows: readonly Row[], replica: string, figure: Figure, seconds: number): Slope {
	const warm = samplesOf(rows, replica, figure).filter(({ atSeconds }) => atSeconds >= seconds * WARM_UP_SHARE);
	return slopeOf(leastOf(warm, (seconds * (1 - WARM_UP_SHARE)) / WINDOWS));
}

const replicasIn = (rows: readonly Row[]): string[] => [...new Set(rows.map(({ replica }) => replica))];

/** One check for each figure that has a bound, of each replica; and that it was there to be looked at, for of nothing nothing grows. */
export const judge = (rows: readonly Row[], seconds: number, replicas: readonly string[]): Check[] =>
	replicas.flatMap((replica) => {
		const seen = rows.filter((row) => row.replica === replica && row.atSeconds >= seconds * WARM_UP_SHARE).length;
		const least = Math.ceil((seconds * (1 - WARM_UP_SHARE) * LEAST_SHARE) / EVERY_SECONDS);
		const growths = FIGURES.flatMap((figure) => {
			const { name, most } = figure;
			if (most === undefined) return [];
			const slope = slopeIn(rows, replica, figure, seconds);
			const promise = `${name} of the ${replica} replica does not grow`;
			return [{ promise, failures: isGrowing(slope, most) ? [describeSlope(slope, figure)] : [] }];
		});
		const failures = seen >= least ? [] : [`${seen} times since it was warm; that is to be ${least} at least`];
		return [{ promise: `the ${replica} replica was looked at all along`, failures }, ...growths];
	});

const describeSlope = ({ perHour, growth, sigmas }: Slope, { unit, most }: Figure): string =>
	`grew by ${growth.toFixed(1)} ${unit} where ${most} are noise: ${perHour.toFixed(1)} ${unit}/h, ${sigmas.toFixed(1)} sigmas`;

export interface SoakOptions {
	readonly minutes: number;
	readonly seed: number;
}

export interface SoakResults extends Checked {
	/** Through the API server and straight to the ports. */
	readonly calls: number;
	readonly disturbances: number;
	readonly longestSilenceSeconds: number;
	readonly figures: readonly {
		readonly replica: string;
		readonly figure: string;
		readonly least: number;
		readonly most: number;
		readonly grew: number;
		readonly perHour: number;
		readonly sigmas: number;
		readonly bound?: number;
	}[];
	readonly memory: readonly { readonly series: string; readonly minute: number; readonly mib: number }[];
}

export interface Soaked extends Pick<SoakResults, 'calls' | 'disturbances'> {
	readonly minutes: number;
	readonly rows: readonly Row[];
	readonly checks: readonly Check[];
}

export function resultsOf({ rows, minutes, checks, calls, disturbances }: Soaked): SoakResults {
	const figures = replicasIn(rows).flatMap((replica) =>
		FIGURES.map((figure) => {
			const values = samplesOf(rows, replica, figure).map(({ value }) => value);
			const { growth, perHour, sigmas } = slopeIn(rows, replica, figure, minutes * 60);
			return {
				replica,
				figure: `${figure.name} ${figure.unit}`.trim(),
				least: tenth(Math.min(...values)),
				most: tenth(Math.max(...values)),
				grew: tenth(growth),
				perHour: tenth(perHour),
				sigmas: tenth(sigmas),
				...(figure.most !== undefined && { bound: figure.most }),
			};
		}),
	);
	return {
		calls,
		disturbances,
		longestSilenceSeconds: Math.round(Math.max(...rows.map(({ silentSeconds }) => silentSeconds))),
		figures,
		memory: replicasIn(rows).flatMap((replica) =>
			['resident', 'heap'].flatMap((name) => seriesOf(rows, replica, name)),
		),
		...checkedOf(checks),
	};
}

/** No more points than a plot can show. */
function seriesOf(rows: readonly Row[], replica: string, name: string): SoakResults['memory'][number][] {
	const own = rows.filter((row) => row.replica === replica);
	const step = Math.ceil(own.length / MOST_POINTS);
	return own
		.filter((_, index) => index % step === 0)
		.map(({ atSeconds, values }) => ({
			series: `${name}, ${replica}`,
			minute: tenth(atSeconds / 60),
			mib: tenth(values[name] ?? 0),
		}));
}

const tenth = (value: number): number => Math.round(value * 10) / 10;

export const SOAK: Account<SoakOptions, SoakResults> = {
	name: 'soak',
	command: 'make soak',
	page: 'docs/reliability.md',
	tables: ({ options: { minutes, seed }, results: { calls, disturbances, longestSilenceSeconds, figures } }) =>
		[
			`${minutes} minutes, SEED=${seed}: ${calls} calls, ${disturbances} disturbances. Longest silence of a watch: ${longestSilenceSeconds} s.`,
			table(figures.map(({ perHour, bound, ...row }) => ({ ...row, 'per hour': perHour, bound: bound ?? '' }))),
		].join('\n\n'),
	goals: ({ results }) => [goalOf('nothing grows, and in the end everything is right', results)],
};
