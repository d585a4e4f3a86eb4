/** A part of `make bench`: an account of what it measures itself. */
import { type Account, keep, type Recorded, surroundings, textOf } from './account.ts';

export interface Part<Options = unknown, Results = unknown> extends Account<Options, Results> {
	readonly options: Options;
	/** For a run of seconds, which only shows that everything works. */
	readonly shortOptions: Options;
	readonly measure: (options: Options) => Promise<Results>;
	/** Of the programs it runs, besides Node. */
	readonly versions?: () => Promise<Readonly<Record<string, string>>>;
}

/** Where all of them are told. */
export const ON_THE_PAGE = { command: 'make bench', page: 'docs/performance.md' } as const;

/** Short runs are no measurement, so nothing of them is kept. */
export async function runPart<O, R>(part: Part<O, R>, isShort: boolean, say: (text: string) => void): Promise<R> {
	const options = isShort ? part.shortOptions : part.options;
	const around = surroundings();
	const startedMs = performance.now();
	const results = await part.measure(options);
	const versions = { ...around.versions, ...(await part.versions?.()) };
	const recorded: Recorded<O, R> = { ...around, versions, options, results };
	say(`${textOf(part, recorded)}\n\n${part.name}: ${Math.round((performance.now() - startedMs) / 1000)} s\n\n`);
	if (!isShort) await keep(part, recorded);
	return results;
}
