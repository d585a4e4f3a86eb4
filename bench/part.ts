/** What every measurement of `make bench` has in common: it is run, printed, recorded, drawn, and told in docs/performance.md. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { type Plot, writePlot } from './plot.ts';
import { rounded } from './statistics.ts';
import { table } from './table.ts';

/** `Results` is plain JSON. Table and plots are made of it alone, so that they can be made again without measuring. */
export interface Part<Options = unknown, Results = unknown> {
	/** Of bench/results/NAME.json and of the part's place in docs/performance.md. */
	readonly name: string;
	readonly options: Options;
	/** For a run of seconds, which only shows that everything works. */
	readonly shortOptions: Options;
	readonly measure: (options: Options) => Promise<Results>;
	/** Markdown. */
	readonly tables: (recorded: Recorded<Options, Results>) => string;
	/** What was promised, and whether it is kept. */
	readonly goals?: (recorded: Recorded<Options, Results>) => readonly Goal[];
	/** Of the programs it runs, besides Node. */
	readonly versions?: () => Promise<Readonly<Record<string, string>>>;
	/** By name of the file below docs/plots. */
	readonly plots: (recorded: Recorded<Options, Results>) => Readonly<Record<string, Plot>>;
}

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
		/** What else ran in the minute before, where the platform tells: more than a little, and single figures mean nothing. */
		readonly loadBefore?: number;
	};
	readonly versions: Readonly<Record<string, string>>;
	readonly options: Options;
	readonly results: Results;
}

/** Short runs are no measurement, so nothing of them is kept. */
export async function runPart<O, R>(part: Part<O, R>, isShort: boolean, say: (text: string) => void): Promise<R> {
	const options = isShort ? part.shortOptions : part.options;
	const machine = machineNow();
	const startedMs = performance.now();
	const results = await part.measure(options);
	const recorded = {
		date: new Date().toISOString().slice(0, 10),
		machine,
		versions: { ...VERSIONS, ...(await part.versions?.()) },
		options,
		results,
	};
	say(`${textOf(part, recorded)}\n\n${part.name}: ${Math.round((performance.now() - startedMs) / 1000)} s\n\n`);
	if (isShort) return results;
	const file = resultsFile(part.name);
	mkdirSync(join(file, '..'), { recursive: true });
	writeFileSync(file, `${JSON.stringify(recorded, undefined, '\t')}\n`);
	await drawPart(part);
	return results;
}

/** The tables, and below them the goals. */
export function textOf<O, R>({ tables, goals }: Part<O, R>, recorded: Recorded<O, R>): string {
	const rows = goals?.(recorded).map(({ promised, measured, isKept }) => ({
		goal: promised,
		measured,
		'': isKept ? 'kept' : '**missed**',
	}));
	return [tables(recorded), ...(rows === undefined || rows.length === 0 ? [] : [table(rows)])].join('\n\n');
}

/** Writes the plots anew from what is recorded. */
export async function drawPart<O, R>(part: Part<O, R>, folder?: string): Promise<void> {
	const recorded = recordedOf(part);
	if (recorded === undefined) return;
	for (const [name, plot] of Object.entries(part.plots(recorded))) await writePlot(name, plot, folder);
}

/** The last measurement, where there was one. */
export function recordedOf<O, R>({ name }: Part<O, R>): Recorded<O, R> | undefined {
	const file = resultsFile(name);
	return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Recorded<O, R>) : undefined;
}

const resultsFile = (name: string): string => join(import.meta.dirname, 'results', `${name}.json`);

function machineNow(): Recorded['machine'] {
	const [lastMinute = 0] = loadavg();
	return {
		...{ cpu: cpus()[0]?.model ?? 'unknown', cores: availableParallelism(), platform: process.platform },
		...(process.platform !== 'win32' && { loadBefore: rounded(lastMinute) }),
	};
}

const VERSIONS: Readonly<Record<string, string>> = {
	node: process.version.slice(1),
	openssl: process.versions.openssl ?? 'none',
};
