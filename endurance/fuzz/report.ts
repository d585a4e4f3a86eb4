/** Generates the tables of `make fuzz`. */
import type { Account } from '../bench/account.ts';
import { table } from '../bench/table.ts';

/** `found` contains the first line of each finding. */
export interface FuzzResult {
	readonly target: string;
	readonly runs: number;
	readonly seconds: number;
	readonly found: readonly string[];
}

export const FUZZ: Account<{ readonly minutes: number; readonly seed: number }, readonly FuzzResult[]> = {
	name: 'fuzz',
	command: 'make fuzz',
	page: 'docs/reliability.md',
	tables: ({ options: { minutes, seed }, results }) => {
		const rows = results.map(({ target, runs, seconds, found }) => ({
			...{ target: `\`${target}\``, runs, 'runs/s': Math.round(runs / seconds), findings: found.length },
		}));
		return `${minutes} minutes, SEED=${seed}.\n\n${table(rows)}`;
	},
	goals: ({ results }) => {
		const broken = results.filter(({ found }) => found.length > 0).map(({ target }) => target);
		const measured = broken.join(', ') || `${results.length} targets`;
		return [{ promised: 'no input breaks a property', measured, isKept: broken.length === 0 }];
	},
};
