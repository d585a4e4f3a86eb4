/** What the measurement through the API server says: tables and plots of its rows. */

import type { Goal, Recorded } from './account.ts';
import type { EndToEnd, EndToEndOptions, EndToEndRow } from './end-to-end.ts';
import { type LinePoint, linePlot, type Plot } from './plot.ts';
import type { Spread } from './statistics.ts';
import { spreadText, table } from './table.ts';
import { NAMES } from './ways.ts';

type EndToEndRecorded = Recorded<EndToEndOptions, EndToEnd>;

const isSteady = ({ perSecond }: EndToEndRow): boolean => perSecond !== undefined;

export function endToEndTables({ results: { rows, deploymentBytes, kubernetes }, options }: EndToEndRecorded): string {
	return [
		`Kubernetes ${kubernetes}, Deployments of ${deploymentBytes} bytes, ${options.rounds} rounds. Of few creates the p99 is nearly the slowest one.
Times are also those of what was refused, so a row with refusals cannot be compared with one without.`,
		'As fast as it goes: every client creates the next one when it was answered',
		table(rows.filter((row) => !isSteady(row)).map((row) => ({ clients: row.clients, ...cellsOf(row) }))),
		'At a steady rate, whatever the answers do',
		table(rows.filter(isSteady).map((row) => ({ 'creates/s, asked for': row.perSecond ?? 0, ...cellsOf(row) }))),
	].join('\n\n');
}

const cellsOf = (row: EndToEndRow) => ({
	'creates a round': row.creates,
	'looked at by': NAMES[row.way],
	'p50, against nobody': spreadText(row.p50Ratio),
	'p99, against nobody': spreadText(row.p99Ratio),
	'quietest rounds: p50': row.leastP50Ratio,
	'their p99': row.leastP99Ratio,
	'p50 ms': row.p50Ms,
	'p99 ms': row.p99Ms,
	'creates/s': row.createsPerSecond,
	'refused, of all rounds': row.refused,
	'CPU ms: API server': row.cpuMs.apiServer,
	etcd: row.cpuMs.etcd,
	webhook: row.cpuMs.webhook,
	'call ms, seen by API server': row.webhook?.seenByApiServerMs ?? '',
	'seen by us': row.webhook?.seenByUsMs ?? '',
});

const GOAL = { clients: 64, ratio: 1.1 };

export const endToEndGoals = ({ results: { rows } }: EndToEndRecorded): readonly Goal[] =>
	rows
		.filter((row) => row.way === 'webhook' && row.clients === GOAL.clients && !isSteady(row))
		.map(({ p99Ratio }) => ({
			promised: `${GOAL.clients} clients, our webhook: p99 at most ${GOAL.ratio} times that with nobody`,
			measured: spreadText(p99Ratio),
			isKept: p99Ratio.median <= GOAL.ratio,
		}));

export function endToEndPlots({ results: { rows }, options }: EndToEndRecorded): Readonly<Record<string, Plot>> {
	const loads = rows.filter((row) => !isSteady(row));
	const x = { title: 'clients', isLog: true, ticks: [...new Set(loads.map(({ clients }) => clients))] };
	const lines = (read: (row: EndToEndRow) => Omit<LinePoint, 'series' | 'at'>): LinePoint[] =>
		loads.map((row) => ({ series: NAMES[row.way], at: row.clients, ...read(row) }));
	const spread = ({ median, min, max }: Spread) => ({ value: median, low: min, high: max });
	const subtitle = `creates of Deployments through a real API server; median of ${options.rounds} interleaved rounds`;
	return {
		'end-to-end-p99': linePlot(
			{ title: 'Time of a create, p99', subtitle, x, y: { title: 'ms', isLog: true } },
			lines(({ p99Ms }) => ({ value: p99Ms })),
		),
		'end-to-end-ratio': linePlot(
			{
				title: 'Time of a create, p50, against nobody looking at it',
				subtitle: `${subtitle}, with their range`,
				x,
				y: { title: 'times' },
			},
			lines(({ p50Ratio }) => spread(p50Ratio)),
		),
	};
}
