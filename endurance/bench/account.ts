/** The common part of all measurements: a record in JSON, a text for the terminal, and a section of a docs page. */
import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { rounded, type Spread } from './statistics.ts';
import { spreadText, table } from './table.ts';

/** `Results` is plain JSON, so that a page can be generated again without a new measurement. */
export interface Account<Options = unknown, Results = unknown> {
	/** The name of the part, and of the file endurance/bench/results/NAME.json. */
	readonly name: string;
	readonly command: string;
	/** The path of the page, relative to the root of the project. */
	readonly page: string;
	/** Returns the tables in Markdown. */
	readonly tables: (recorded: Recorded<Options, Results>) => string;
	readonly goals?: (recorded: Recorded<Options, Results>) => readonly Goal[];
}

export interface Part<Options = unknown, Results = unknown> extends Account<Options, Results> {
	readonly options: Options;
	/** Options for a run of a few seconds, which only shows that the measurement works. */
	readonly shortOptions: Options;
	readonly measure: (options: Options) => Promise<Results>;
	/**
	 * Returns the versions of programs other than Node. Called first, so that a missing program is reported before any
	 * measurement.
	 */
	readonly versions?: () => Readonly<Record<string, string>>;
}

/** Infers the types of options and results. */
export const definePart = <O, R>(part: Part<O, R>): Part<O, R> => part;

export const ON_THE_PAGE = { command: 'make bench', page: 'docs/performance.md' } as const;

export interface Goal {
	readonly promised: string;
	readonly measured: string | number | Spread;
	readonly isKept: boolean;
}

export interface Recorded<Options = unknown, Results = unknown> {
	readonly date: string;
	readonly machine: {
		readonly cpu: string;
		readonly cores: number;
		readonly platform: string;
		/** The load average of the previous minute, if the platform has one. If it is high, only ratios are meaningful. */
		readonly loadBefore?: number;
	};
	readonly versions: Readonly<Record<string, string>>;
	readonly options: Options;
	readonly results: Results;
}

/** Must be called before the measurement, because the measurement changes the load average. */
export function clusterContext(): Pick<Recorded, 'date' | 'machine' | 'versions'> {
	const [lastMinute = 0] = loadavg();
	return {
		date: new Date().toISOString().slice(0, 10),
		machine: {
			cpu: cpus()[0]?.model ?? 'unknown',
			cores: availableParallelism(),
			platform: process.platform,
			...(process.platform !== 'win32' && { loadBefore: rounded(lastMinute) }),
		},
		versions: { node: process.version.slice(1), openssl: process.versions.openssl ?? 'none' },
	};
}

/** Returns the path of a record. */
export const resultsFile = (name: string): string => join(import.meta.dirname, 'results', `${name}.json`);

/** Returns the last record, or undefined if the part was never measured. */
export function recordedOf<O, R>({ name }: Account<O, R>): Recorded<O, R> | undefined {
	const file = resultsFile(name);
	return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Recorded<O, R>) : undefined;
}

/** Returns the tables and goals in Markdown. */
export function textOf<O, R>({ tables, goals }: Account<O, R>, recorded: Recorded<O, R>): string {
	const rows = (goals?.(recorded) ?? []).map((goal) => {
		const measured = typeof goal.measured === 'object' ? spreadText(goal.measured) : goal.measured;
		return { goal: goal.promised, measured, '': goal.isKept ? 'kept' : '**missed**' };
	});
	return [tables(recorded), ...(rows.length === 0 ? [] : [table(rows)])].join('\n\n');
}
