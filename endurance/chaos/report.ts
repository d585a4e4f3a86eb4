/** What `make chaos` prints in the end, and docs/reliability.md tells. */
import type { Account } from '../bench/account.ts';
import { rounded } from '../bench/statistics.ts';
import { table } from '../bench/table.ts';
import { type Checked, checkedOf, goalOf } from './checks.ts';
import type { Run } from './run.ts';

export interface ChaosOptions {
	readonly seed: number;
	readonly minutes: number;
}

/** A run without what only matters while it is looked at. */
export interface ChaosResults extends Checked, Pick<Run, 'stored' | 'failedWrites' | 'starts'> {
	readonly seconds: number;
	readonly disturbances: readonly Disturbed[];
}

interface Disturbed {
	readonly name: string;
	readonly times: number;
	readonly met: number;
	/** From its end until everything was right, the longest. */
	readonly convergedSeconds: number;
	readonly stored: number;
	readonly failed: number;
}

export function resultsOf({ rounds, checks, stored, failedWrites, starts, seconds }: Run): ChaosResults {
	const disturbances = [...Map.groupBy(rounds, ({ name }) => name)].map(([name, all]): Disturbed => {
		const sum = (of: (round: (typeof all)[number]) => number): number => all.reduce((total, one) => total + of(one), 0);
		return {
			name,
			times: all.length,
			met: sum(({ met }) => met),
			convergedSeconds: rounded(Math.max(...all.map(({ convergedSeconds }) => convergedSeconds))),
			stored: sum((one) => one.stored),
			failed: sum((one) => one.failed),
		};
	});
	return { seconds: Math.round(seconds), ...checkedOf(checks), disturbances, stored, failedWrites, starts };
}

export const CHAOS: Account<ChaosOptions, ChaosResults> = {
	name: 'chaos',
	command: 'make chaos',
	page: 'docs/reliability.md',
	tables: ({ options: { seed }, results: { seconds, disturbances, stored, starts, failedWrites } }) => {
		const reasons = Object.entries(failedWrites).map(([reason, count]) => ({ count, reason }));
		return [
			`SEED=${seed}: ${stored} writes stored in ${seconds} s; ${starts} processes of the product.`,
			table(
				disturbances.map(({ name, times, met, convergedSeconds, ...writes }) => ({
					disturbance: name,
					times,
					met,
					's until right, at most': convergedSeconds,
					'writes stored meanwhile': writes.stored,
					failed: writes.failed,
				})),
			),
			...(reasons.length === 0 ? [] : ['Writes that failed, which is no broken promise:', table(reasons)]),
		].join('\n\n');
	},
	goals: ({ results }) => [
		goalOf('everything stored is right after each disturbance, and the promises above are kept', results),
	],
};
