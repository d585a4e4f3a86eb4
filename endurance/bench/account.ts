/** What every measurement has in common: it is recorded, printed, and shown on a page of docs. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { rounded } from './statistics.ts';
import { table } from './table.ts';

/** How a measurement is shown. `Results` is plain JSON. Everything is made from the record, so that it can be made again without measuring. */
export interface Account<Options = unknown, Results = unknown> {
	/** Of endurance/bench/results/NAME.json and of its place on the page. */
	readonly name: string;
	/** What measures it. */
	readonly command: string;
	/** Below the project's root. */
	readonly page: string;
	/** Markdown. */
	readonly tables: (recorded: Recorded<Options, Results>) => string;
	/** What was promised, and whether it is kept. */
	readonly goals?: (recorded: Recorded<Options, Results>) => readonly Goal[];
}

/** A part of `make bench`: an account of what it measures itself. */
export interface Part<Options = unknown, Results = unknown> extends Account<Options, Results> {
	readonly options: Options;
	/** For a run of seconds, which only shows that everything works. */
	readonly shortOptions: Options;
	readonly measure: (options: Options) => Promise<Results>;
	/** Of the programs it runs, besides Node. Called first, so that a missing program is reported before anything is measured. */
	readonly versions?: () => Readonly<Record<string, string>>;
}

/** The page of all parts. */
export const ON_THE_PAGE = { command: 'make bench', page: 'docs/performance.md' } as const;

export interface Goal {
	readonly promised: string;
	readonly measured: string;
	readonly isKept: boolean;
}

export interface Recorded<Options = unknown, Results = unknown> {
	readonly date: string;
	readonly machine: {
		readonly cpu: string;
		readonly cores: number;
		readonly platform: string;
		/** The load average of the minute before, if the platform has one. If it is high, single figures mean nothing. */
		readonly loadBefore?: number;
	};
	readonly versions: Readonly<Record<string, string>>;
	readonly options: Options;
	readonly results: Results;
}

/** What is to be known besides results; to be asked before measuring, or the load is our own. */
export function clusterContext(): Pick<Recorded, 'date' | 'machine' | 'versions'> {
	const [lastMinute = 0] = loadavg();
	return {
		date: new Date().toISOString().slice(0, 10),
		machine: {
			...{ cpu: cpus()[0]?.model ?? 'unknown', cores: availableParallelism(), platform: process.platform },
			...(process.platform !== 'win32' && { loadBefore: rounded(lastMinute) }),
		},
		versions: { node: process.version.slice(1), openssl: process.versions.openssl ?? 'none' },
	};
}

/** Measures and prints. The results of a short run are not a measurement, so they are not recorded. */
export async function runPart<O, R>(part: Part<O, R>, isShort: boolean): Promise<void> {
	const options = isShort ? part.shortOptions : part.options;
	const around = clusterContext();
	const versions = { ...around.versions, ...part.versions?.() };
	const startedMs = performance.now();
	const recorded: Recorded<O, R> = { ...around, versions, options, results: await part.measure(options) };
	const seconds = Math.round((performance.now() - startedMs) / 1000);
	process.stdout.write(`${textOf(part, recorded)}\n\n${part.name}: ${seconds} s\n\n`);
	if (!isShort) record(part, recorded);
}

/** Writes endurance/bench/results/NAME.json. */
export function record<O, R>({ name }: Account<O, R>, recorded: Recorded<O, R>): void {
	writeFileSync(resultsFile(name), `${JSON.stringify(recorded, undefined, '\t')}\n`);
}

/** The tables, and below them the goals. */
export function textOf<O, R>({ tables, goals }: Account<O, R>, recorded: Recorded<O, R>): string {
	const rows = goals?.(recorded).map(({ promised, measured, isKept }) => ({
		goal: promised,
		measured,
		'': isKept ? 'kept' : '**missed**',
	}));
	return [tables(recorded), ...(rows === undefined || rows.length === 0 ? [] : [table(rows)])].join('\n\n');
}

/** The last measurement, where there was one. */
export function recordedOf<O, R>({ name }: Account<O, R>): Recorded<O, R> | undefined {
	const file = resultsFile(name);
	return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Recorded<O, R>) : undefined;
}

const resultsFile = (name: string): string => join(import.meta.dirname, 'results', `${name}.json`);
