/** What the figures of a soak say: a verdict for each, a table, a plot and a file. */
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { linePlot, writePlot } from '../../bench/plot.ts';
import { table } from '../../bench/table.ts';
import type { Check } from '../chaos/run.ts';
import { ROOT } from '../e2e/product.ts';
import { FIGURES, type Figure, type Row } from './samples.ts';
import { isGrowing, leastOf, type Sample, type Slope, slopeOf } from './slope.ts';

/** Code is compiled and pools fill in the beginning: that is growth which ends. */
const WARM_UP_SHARE = 0.4;
/** As many windows, however long it soaks. */
const WINDOWS = 24;

const samplesOf = (rows: readonly Row[], replica: string, { name }: Figure): Sample[] =>
	rows
		.filter((row) => row.replica === replica)
		.map(({ atSeconds, values }) => ({ atSeconds, value: values[name] ?? Number.NaN }));

function slopeIn(rows: readonly Row[], replica: string, figure: Figure, seconds: number): Slope {
	const warm = samplesOf(rows, replica, figure).filter(({ atSeconds }) => atSeconds >= seconds * WARM_UP_SHARE);
	return slopeOf(leastOf(warm, (seconds * (1 - WARM_UP_SHARE)) / WINDOWS));
}

const replicasIn = (rows: readonly Row[]): string[] => [...new Set(rows.map(({ replica }) => replica))];

/** One check for each figure that has a bound, of each replica. */
export const judge = (rows: readonly Row[], seconds: number): Check[] =>
	replicasIn(rows).flatMap((replica) =>
		FIGURES.flatMap((figure) => {
			const { name, most } = figure;
			if (most === undefined) return [];
			const slope = slopeIn(rows, replica, figure, seconds);
			const promise = `${name} of the ${replica} replica does not grow`;
			return [{ promise, failures: isGrowing(slope, most) ? [describeSlope(slope, figure)] : [] }];
		}),
	);

const describeSlope = ({ perHour, growth, sigmas }: Slope, { unit, most }: Figure): string =>
	`grew by ${growth.toFixed(1)} ${unit} where ${most} are noise: ${perHour.toFixed(1)} ${unit}/h, ${sigmas.toFixed(1)} sigmas`;

export interface Soaked {
	readonly minutes: number;
	readonly seed: number;
	readonly rows: readonly Row[];
	readonly checks: readonly Check[];
	readonly calls: number;
	readonly disturbed: readonly { readonly name: string; readonly atSeconds: number }[];
	/** Whether it becomes the file and the plot of the documents. */
	readonly isKept: boolean;
}

export async function report(soaked: Soaked, say: (line: string) => void): Promise<void> {
	const { rows, minutes, checks } = soaked;
	const figures = replicasIn(rows).flatMap((replica) =>
		FIGURES.map((figure) => {
			const values = samplesOf(rows, replica, figure).map(({ value }) => value);
			const { growth, perHour, sigmas } = slopeIn(rows, replica, figure, minutes * 60);
			const round = (value: number): number => Math.round(value * 10) / 10;
			const least = round(Math.min(...values));
			const numbers = { least, most: round(Math.max(...values)), grew: round(growth), 'per hour': round(perHour) };
			return {
				replica,
				figure: `${figure.name} ${figure.unit}`.trim(),
				...numbers,
				sigmas: round(sigmas),
				bound: figure.most ?? '',
			};
		}),
	);
	say(table(figures));
	const silent = Math.round(Math.max(...rows.map(({ silentSeconds }) => silentSeconds)));
	say(`longest silence of a watch: ${silent} s`);
	for (const { promise, failures } of checks.filter(({ failures }) => failures.length > 0)) {
		say(`BROKEN: ${promise}`);
		for (const failure of failures) say(`  ${failure}`);
	}
	if (!soaked.isKept) return;
	const result = {
		when: new Date().toISOString().slice(0, 10),
		machine: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Node ${process.versions.node}`,
		minutes,
		seed: soaked.seed,
		calls: soaked.calls,
		disturbances: soaked.disturbed,
		longestSilenceSeconds: silent,
		figures,
	};
	writeFileSync(join(ROOT, 'bench/results/soak.json'), `${JSON.stringify(result, null, 2)}\n`);
	const points = replicasIn(rows).flatMap((replica) =>
		['resident', 'heap'].flatMap((name) =>
			rows
				.filter((row) => row.replica === replica)
				.map(({ atSeconds, values }) => ({
					series: `${name}, ${replica}`,
					at: atSeconds / 60,
					value: values[name] ?? 0,
				})),
		),
	);
	const title = `Memory in ${minutes} minutes of load and disturbances`;
	await writePlot('soak', linePlot({ title, x: { title: 'minutes' }, y: { title: 'MiB' } }, points));
}
