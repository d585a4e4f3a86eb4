/** Checks the figures of a soak, and generates the tables of `make soak`. */
import type { Account } from '../bench/account.ts';
import { table } from '../bench/table.ts';
import { type Check, type CheckCounts, countsOf, goalOf } from '../chaos/report.ts';
import { EVERY_SECONDS, FIGURES, type Figure, type Row } from './samples.ts';
import { isGrowing, leastOf, type Sample, type Slope, slopeOf } from './slope.ts';

/** During this share of the run, compiled code and memory pools still grow. */
const WARM_UP_SHARE = 0.4;
/** The minimum share of the possible samples. A process that is suspended for 18 s has no samples during that time. */
const LEAST_SHARE = 0.5;
const WINDOWS = 24;

const samplesOf = (rows: readonly Row[], replica: string, { name }: Figure): Sample[] =>
	rows.flatMap(({ atSeconds, values, ...row }) =>
		row.replica === replica ? [{ atSeconds, value: values[name] ?? Number.NaN }] : [],
	);

function slopeIn(rows: readonly Row[], replica: string, figure: Figure, seconds: number): Slope {
	const warm = samplesOf(rows, replica, figure).filter(({ atSeconds }) => atSeconds >= seconds * WARM_UP_SHARE);
	return slopeOf(leastOf(warm, (seconds * (1 - WARM_UP_SHARE)) / WINDOWS));
}

/** Returns one check for each figure of each replica, and one check for the number of samples. */
export const judge = (rows: readonly Row[], seconds: number, replicas: readonly string[]): Check[] =>
	replicas.flatMap((replica) => {
		const count = rows.filter((row) => row.replica === replica && row.atSeconds >= seconds * WARM_UP_SHARE).length;
		const least = Math.ceil((seconds * (1 - WARM_UP_SHARE) * LEAST_SHARE) / EVERY_SECONDS);
		const failures = count >= least ? [] : [`${count} samples after the warm-up; ${least} are required`];
		const growths = FIGURES.map((figure) => {
			const slope = slopeIn(rows, replica, figure, seconds);
			const text = `grew by ${slope.growth.toFixed(1)}, more than ${figure.most}; ${slope.sigmas.toFixed(1)} sigmas`;
			const check = `${figure.name} of the ${replica} replica does not grow`;
			return { check, failures: isGrowing(slope, figure.most) ? [text] : [] };
		});
		return [{ check: `the ${replica} replica has samples`, failures }, ...growths];
	});

export interface SoakResults extends CheckCounts {
	readonly calls: number;
	readonly disturbances: number;
	readonly longestSilenceSeconds: number;
	readonly figures: readonly Readonly<Record<string, string | number>>[];
}

export interface Soaked extends Pick<SoakResults, 'calls' | 'disturbances'> {
	readonly minutes: number;
	readonly rows: readonly Row[];
	readonly checks: readonly Check[];
}

const tenth = (value: number): number => Math.round(value * 10) / 10;

export function resultsOf({ rows, minutes, checks, calls, disturbances }: Soaked): SoakResults {
	const figures = [...new Set(rows.map(({ replica }) => replica))].flatMap((replica) =>
		FIGURES.map((figure) => {
			const values = samplesOf(rows, replica, figure).map(({ value }) => value);
			const { growth, perHour, sigmas } = slopeIn(rows, replica, figure, minutes * 60);
			return {
				...{ replica, figure: figure.name, least: tenth(Math.min(...values)), most: tenth(Math.max(...values)) },
				...{ grew: tenth(growth), sigmas: tenth(sigmas), perHour: tenth(perHour), bound: figure.most },
			};
		}),
	);
	const longestSilenceSeconds = Math.round(Math.max(...rows.map(({ lastEventAgeSeconds }) => lastEventAgeSeconds)));
	return { calls, disturbances, longestSilenceSeconds, figures, ...countsOf(checks) };
}

/** Returns the row for one figure, with the headings in docs/reliability.md. */
const rowOf = ({
	replica = '',
	figure = '',
	least = '',
	most = '',
	grew = '',
	...row
}: SoakResults['figures'][number]) => ({
	...{ replica, figure, minimum: least, maximum: most, growth: grew },
	...{ sigmas: row['sigmas'] ?? '', 'growth per hour': row['perHour'] ?? '', bound: row['bound'] ?? '' },
});

export const SOAK: Account<{ readonly minutes: number; readonly seed: number }, SoakResults> = {
	name: 'soak',
	command: 'make soak',
	page: 'docs/reliability.md',
	tables: ({ options: { minutes, seed }, results: { calls, disturbances, longestSilenceSeconds, figures } }) =>
		[
			`${minutes} minutes, SEED=${seed}: ${calls} calls, ${disturbances} disturbances. Longest time without a watch event: ${longestSilenceSeconds} s.`,
			table(figures.map(rowOf)),
		].join('\n\n'),
	goals: ({ results }) => [goalOf('nothing grows, and at the end every object is in its desired state', results)],
};
