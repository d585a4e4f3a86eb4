/** What every measurement has in common: it is recorded, printed, drawn, and told on a page of docs. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { type Plot, writePlot } from './plot.ts';
import { rounded } from './statistics.ts';
import { table } from './table.ts';

/** How a measurement is told. `Results` is plain JSON. All is made of what was recorded, so that it can be made again without measuring. */
export interface Account<Options = unknown, Results = unknown> {
	/** Of bench/results/NAME.json and of its place on the page. */
	readonly name: string;
	/** What measures it. */
	readonly command: string;
	/** Below the project's root. */
	readonly page: string;
	/** Markdown. */
	readonly tables: (recorded: Recorded<Options, Results>) => string;
	/** What was promised, and whether it is kept. */
	readonly goals?: (recorded: Recorded<Options, Results>) => readonly Goal[];
	/** By name of the file below docs/plots. */
	readonly plots?: (recorded: Recorded<Options, Results>) => Readonly<Record<string, Plot>>;
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

/** What is to be known besides results; to be asked before measuring, or the load is our own. */
export function surroundings(): Pick<Recorded, 'date' | 'machine' | 'versions'> {
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

/** Writes file and plots. The page is another matter (page.ts), since it tells of several. */
export async function keep<O, R>(account: Account<O, R>, recorded: Recorded<O, R>): Promise<void> {
	const file = resultsFile(account.name);
	mkdirSync(join(file, '..'), { recursive: true });
	writeFileSync(file, `${JSON.stringify(recorded, undefined, '\t')}\n`);
	await draw(account);
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

/** Writes the plots anew from what is recorded. */
export async function draw<O, R>(account: Account<O, R>, folder?: string): Promise<void> {
	const recorded = recordedOf(account);
	if (recorded === undefined) return;
	for (const [name, plot] of Object.entries(account.plots?.(recorded) ?? {})) await writePlot(name, plot, folder);
}

/** The last measurement, where there was one. */
export function recordedOf<O, R>({ name }: Account<O, R>): Recorded<O, R> | undefined {
	const file = resultsFile(name);
	return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Recorded<O, R>) : undefined;
}

const resultsFile = (name: string): string => join(import.meta.dirname, 'results', `${name}.json`);
