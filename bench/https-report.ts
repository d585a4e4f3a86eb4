/** What the measurements over HTTPS say: tables and plots of their rows. */

import type { Goal, Recorded } from './account.ts';
import type { HttpsOptions, HttpsRow } from './https.ts';
import { type Bar, barPlot, type LinePoint, linePlot, type Plot } from './plot.ts';
import { rounded, type Spread } from './statistics.ts';
import { spreadText, table } from './table.ts';

/** The number of connections and the size at which the plots look. */
const CONNECTIONS = 8;
const SIZE = '13 KB';
const GOAL = { ratio: 0.75, p99Ratio: 1.3 };

/** One table for each number of connections, with the ratios first. */
export function httpsTables(rows: readonly HttpsRow[]): string {
	const counts = [...new Set(rows.map(({ connections }) => connections))];
	return counts
		.map((count) => {
			const chosen = rows.filter(({ connections }) => connections === count);
			return `${count} ${count === 1 ? 'connection' : 'connections'}\n\n${table(chosen.map(cellsOf))}`;
		})
		.join('\n\n');
}

/** How many times the requests a second of each other server ours gives: by the medians, and by the least CPU time of each. */
export function timesTable(rows: readonly HttpsRow[]): string {
	const times = (value: number): string => `${rounded(value)}×`;
	return table(
		rows.flatMap((own) => {
			if (own.server !== 'product') return [];
			const others = rows.filter((row) => row.size === own.size && row.connections === own.connections && row !== own);
			const compared = others.map((row) => [
				row.server,
				`${times(own.requestsPerSecond / row.requestsPerSecond)}, ${times(row.leastCpuUsPerRequest / own.leastCpuUsPerRequest)}`,
			]);
			return [{ review: own.size, connections: own.connections, ...Object.fromEntries(compared) }];
		}),
	);
}

const cellsOf = (row: HttpsRow) => ({
	review: row.size,
	server: row.server,
	'requests/s, against floor': spreadText(row.ratio),
	'by least CPU': row.leastCpuRatio,
	'p99, against floor': spreadText(row.p99Ratio),
	'requests/s': row.requestsPerSecond,
	'per second of CPU': Math.round(1e6 / row.cpuUsPerRequest),
	'CPU µs a request': row.cpuUsPerRequest,
	least: row.leastCpuUsPerRequest,
	'p50 ms': row.p50Ms,
	'p99 ms': row.p99Ms,
	closed: row.closed,
	'resident MiB': row.rssMib,
});

/** At the number of connections where the plots look, for the sizes made of many small fields. */
export function httpsGoals(rows: readonly HttpsRow[]): Goal[] {
	const chosen = rows.filter(({ connections, server }) => connections === CONNECTIONS && server === 'product');
	return [
		...chosen.map(({ size, ratio }) => ({
			promised: `${size}: at least ${GOAL.ratio} of the floor's requests a second`,
			measured: spreadText(ratio),
			isKept: ratio.median >= GOAL.ratio,
		})),
		...chosen.map(({ size, p99Ratio }) => ({
			promised: `${size}: p99 at most ${GOAL.p99Ratio} times the floor's`,
			measured: spreadText(p99Ratio),
			isKept: p99Ratio.median <= GOAL.p99Ratio,
		})),
	];
}

export function httpsPlots(
	name: string,
	{ results, options }: Recorded<HttpsOptions, readonly HttpsRow[]>,
): Readonly<Record<string, Plot>> {
	const spread = ({ median, min, max }: Spread) => ({ value: median, low: min, high: max });
	const bars = results.flatMap(({ size, connections, server, ratio }): Bar[] =>
		connections === CONNECTIONS ? [{ group: size, series: server, ...spread(ratio) }] : [],
	);
	const lines = (read: (row: HttpsRow) => Omit<LinePoint, 'series' | 'at'>): LinePoint[] =>
		results.flatMap((row) => (row.size === SIZE ? [{ series: row.server, at: row.connections, ...read(row) }] : []));
	const rounds = `median and range of ${options.rounds} interleaved rounds`;
	const connections = { title: 'connections', isLog: true, ticks: options.connections };
	return {
		[`${name}-ratio`]: barPlot(
			{
				title: 'Requests a second, against a bare node:https server',
				subtitle: `${CONNECTIONS} connections, many small fields, one core; ${rounds}`,
				x: { title: 'AdmissionReview' },
				y: { title: 'share of the floor' },
				goal: { value: GOAL.ratio, label: `goal ${GOAL.ratio}` },
			},
			bars,
		),
		[`${name}-p99`]: linePlot(
			{
				title: `Time to the answer for a review of ${SIZE}`,
				subtitle: `p99, one core; median of ${options.rounds} interleaved rounds`,
				x: connections,
				y: { title: 'ms', isLog: true },
			},
			lines(({ p99Ms }) => ({ value: p99Ms })),
		),
	};
}
