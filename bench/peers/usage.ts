/** CPU time and memory of a program with all that it started, as Linux tells them of any process. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import type { Usage } from '../contestant.ts';

const PROC = '/proc';
/** Asked for when a peer is measured, so that other parts need no Linux. */
let units: { readonly usPerTick: number; readonly pageBytes: number } | undefined;

interface Process {
	readonly pid: number;
	readonly parent: number;
	readonly ticks: number;
	readonly pages: number;
}

export function usageOf(pid: number): Usage {
	units ??= { usPerTick: 1e6 / numberFrom('CLK_TCK'), pageBytes: numberFrom('PAGESIZE') };
	const own = treeOf(pid);
	return {
		cpuUs: own.reduce((sum, { ticks }) => sum + ticks, 0) * units.usPerTick,
		rssBytes: own.reduce((sum, { pages }) => sum + pages, 0) * units.pageBytes,
	};
}

/** The process `pid` and all below it. */
function treeOf(pid: number): Process[] {
	const all = readdirSync(PROC).flatMap((name) => (/^\d+$/.test(name) ? processOf(Number(name)) : []));
	const below = (parent: number): Process[] =>
		all.flatMap((one) => (one.parent === parent ? [one, ...below(one.pid)] : []));
	return [...all.filter((one) => one.pid === pid), ...below(pid)];
}

/** Empty where it ended meanwhile. */
function processOf(pid: number): Process[] {
	let stat: string;
	try {
		stat = readFileSync(`${PROC}/${pid}/stat`, 'utf8');
	} catch {
		return [];
	}
	// Counted from behind the name, which may hold anything: state, parent, …, utime (12th), stime, …, rss (22nd).
	const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
	const field = (index: number): number => Number(fields[index]);
	return [{ pid, parent: field(1), ticks: field(11) + field(12), pages: field(21) }];
}

function numberFrom(name: string): number {
	const { stdout } = spawnSync('getconf', [name], { encoding: 'utf8' });
	const value = Number(stdout);
	if (!(value > 0)) throw new Error(`getconf ${name} says no number; make bench-peers needs Linux`);
	return value;
}
