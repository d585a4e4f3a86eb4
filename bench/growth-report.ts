/** What the measurements of growth say: tables and plots of their rows. */

import type { Goal, Recorded } from './account.ts';
import type { Grown, Growth, GrowthOptions } from './growth.ts';
import { type LinePoint, linePlot, type Plot } from './plot.ts';
import type { MemoryMib } from './reviewing.ts';
import { spreadText, table } from './table.ts';

type GrowthRecorded = Recorded<GrowthOptions, Growth>;

const GOAL_MIB = 128;

export const growthTables = ({ results, options }: GrowthRecorded): string =>
	[
		table(
			results.byServers.map((row) => ({
				servers: row.servers,
				reconciler: row.reconciler,
				's to ready': row.secondsToReady,
				'MiB resident, under load': row.underLoad.peak,
				settled: row.settled.total,
				...detailsOf(row.underLoad),
				'p50 ms': spreadText(row.p50Ms),
				'p99 ms': spreadText(row.p99Ms),
				'p50, against no look-up': spreadText(row.lookUpRatio),
				'reviews/s': row.reviewsPerSecond,
			})),
		),
		`With ${options.servers[0]} servers, by the size of the review`,
		table(
			results.bySize.map((row) => ({
				KB: row.kilobytes,
				'p50 ms': spreadText(row.p50Ms),
				'p99 ms': spreadText(row.p99Ms),
				'reviews/s': row.reviewsPerSecond,
				'MiB resident, most': row.underLoad.peak,
				...detailsOf(row.underLoad),
			})),
		),
	].join('\n\n');

export const growthGoals = ({ results }: GrowthRecorded): readonly Goal[] => {
	const most = Math.max(...results.byServers.map(({ servers }) => servers));
	return results.byServers
		.filter(({ servers }) => servers === most)
		.map(({ reconciler, underLoad }) => ({
			promised: `${most} servers, under load, reconciler ${reconciler}: at most ${GOAL_MIB} MiB resident`,
			measured: `${underLoad.peak}`,
			isKept: underLoad.peak <= GOAL_MIB,
		}));
};

/** Under load. */
const detailsOf = ({ anonymous, ofFiles, heapUsed, external }: MemoryMib) => ({
	'of it program files': ofFiles,
	'of its own': anonymous,
	'heap used': heapUsed,
	external,
});

export function growthPlots({ results, options }: GrowthRecorded): Readonly<Record<string, Plot>> {
	const x = { title: 'MCPServers in the cluster', isLog: true, ticks: options.servers };
	const lines = (read: (row: Grown) => Readonly<Record<string, Omit<LinePoint, 'series' | 'at'>>>): LinePoint[] =>
		results.byServers.flatMap((row) =>
			Object.entries(read(row)).map(([series, point]) => ({ series, at: row.servers, ...point })),
		);
	const spread = ({ median, min, max }: Grown['p50Ms']) => ({ value: median, low: min, high: max });
	return {
		'growth-memory': linePlot(
			{
				title: 'Memory of a replica',
				subtitle: `resident MiB; each server with its Deployment and RunConfig; load: ${options.connections} connections, flat out`,
				x,
				y: { title: 'MiB' },
				goal: { value: GOAL_MIB, label: `goal ${GOAL_MIB} MiB` },
			},
			lines(({ reconciler, settled, underLoad }) =>
				reconciler === 'off'
					? { 'at rest': { value: settled.total }, 'under load': { value: underLoad.peak } }
					: { 'under load, reconciling': { value: underLoad.peak } },
			),
		),
		'growth-latency': linePlot(
			{
				title: 'Time of a review against what is remembered',
				subtitle: `${options.connections} connections, flat out; median and range of ${options.rounds} rounds`,
				x,
				y: { title: 'ms', isLog: true },
			},
			lines(({ reconciler, p50Ms, p99Ms }) => (reconciler === 'off' ? { p50: spread(p50Ms), p99: spread(p99Ms) } : {})),
		),
	};
}
