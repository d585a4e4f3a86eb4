/** What `make fuzz` prints in the end, and docs/reliability.md tells. */
import type { Account } from '../bench/account.ts';
import { table } from '../bench/table.ts';

export interface FuzzOptions {
	readonly minutes: number;
	readonly seed: number;
}

/** What the search of one target came to. */
export interface Searched {
	readonly target: string;
	readonly runs: number;
	readonly seconds: number;
	/** Characters of code in `src`, as in explore.ts. */
	readonly reachedBySeeds: number;
	readonly reached: number;
	readonly corpus: number;
	/** What was wrong, of each input. */
	readonly found: readonly string[];
}

export const FUZZ: Account<FuzzOptions, readonly Searched[]> = {
	name: 'fuzz',
	command: 'make fuzz',
	page: 'docs/reliability.md',
	tables: ({ options: { minutes, seed }, results }) =>
		[
			`${minutes} minutes, SEED=${seed}.`,
			table(
				results.map(({ target, runs, seconds, reachedBySeeds, reached, corpus, found }) => ({
					target: `\`${target}\``,
					runs,
					'runs/s': Math.round(runs / seconds),
					'code by the good texts': kilo(reachedBySeeds),
					'code in the end': kilo(reached),
					'inputs kept': corpus,
					findings: found.length,
				})),
			),
		].join('\n\n'),
	goals: ({ results }) => {
		const broken = results.filter(({ found }) => found.length > 0).map(({ target }) => target);
		return [
			{
				promised: 'no input breaks a promise',
				measured: broken.length === 0 ? `${results.length} targets` : broken.join(', '),
				isKept: broken.length === 0,
			},
		];
	},
};

const kilo = (characters: number): string => `${(characters / 1000).toFixed(1)}k`;
