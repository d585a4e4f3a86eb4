/** The promises of a run of `make chaos` or `make soak`, and the tables of `make chaos`. */
import type { Account, Goal } from '../bench/account.ts';
import { rounded } from '../bench/statistics.ts';
import { table } from '../bench/table.ts';
import type { Harness } from './harness.ts';
import type { Run } from './run.ts';
import type { Writer } from './writer.ts';

export interface Check {
	readonly promise: string;
	/** Empty if it was kept. */
	readonly failures: readonly string[];
}

/** What is recorded of them. */
export interface CheckCounts {
	readonly checks: number;
	/** The promises that were not kept. */
	readonly broken: readonly string[];
}

export const commonChecks = (
	{ members, leaks }: Harness,
	writer: Writer,
	exits: readonly (number | null)[],
): Check[] => [
	{ promise: 'a process ends only if the test ended it', failures: members.flatMap(({ replica }) => replica.crashes) },
	{ promise: 'after SIGTERM each process exits with 0', failures: exits.filter((code) => code !== 0).map(String) },
	{ promise: 'no log contains a Secret', failures: leaks },
	{ promise: 'no review fails by a mistake', failures: members.flatMap(({ replica }) => replica.mistakes) },
	{ promise: 'no valid write is denied', failures: writer.denied },
];

const brokenIn = (checks: readonly Check[]): Check[] => checks.filter(({ failures }) => failures.length > 0);

export const countsOf = (checks: readonly Check[]): CheckCounts => ({
	checks: checks.length,
	broken: brokenIn(checks).map(({ promise }) => promise),
});

/** The last lines of the command. */
export const verdictOf = (checks: readonly Check[]): string =>
	[
		...brokenIn(checks).map(({ promise, failures }) => [`BROKEN: ${promise}`, ...failures].join('\n  ')),
		`${checks.length - brokenIn(checks).length} passed, ${brokenIn(checks).length} failed`,
	].join('\n');

export const goalOf = (promised: string, { checks, broken }: CheckCounts): Goal => ({
	promised,
	measured: [`${checks - broken.length} of ${checks}`, ...broken].join('; '),
	isKept: broken.length === 0,
});

export interface ChaosResults extends CheckCounts, Pick<Run, 'stored' | 'failedWrites' | 'starts' | 'seconds'> {
	/** `convergedSeconds`: the longest. */
	readonly disturbances: readonly (Omit<Run['rounds'][number], 'failures'> & { readonly times: number })[];
}

export function resultsOf({ rounds, checks, stored, failedWrites, starts, seconds }: Run): ChaosResults {
	const disturbances = [...Map.groupBy(rounds, ({ name }) => name)].map(([name, all]) => {
		const sum = (field: 'met' | 'stored' | 'failed'): number => all.reduce((total, one) => total + one[field], 0);
		const convergedSeconds = rounded(Math.max(...all.map((round) => round.convergedSeconds)));
		return { name, times: all.length, met: sum('met'), convergedSeconds, stored: sum('stored'), failed: sum('failed') };
	});
	return { seconds: Math.round(seconds), ...countsOf(checks), disturbances, stored, failedWrites, starts };
}

export const CHAOS: Account<{ readonly seed: number; readonly minutes: number }, ChaosResults> = {
	name: 'chaos',
	command: 'make chaos',
	page: 'docs/reliability.md',
	tables: ({ options: { seed }, results: { seconds, disturbances, stored, starts, failedWrites } }) => {
		const reasons = Object.entries(failedWrites).map(([reason, count]) => ({ count, reason }));
		const rows = disturbances.map(({ name, times, met, convergedSeconds, ...writes }) => ({
			...{ disturbance: name, times, met, 's until right, at most': convergedSeconds },
			...{ 'writes stored meanwhile': writes.stored, failed: writes.failed },
		}));
		return [
			`SEED=${seed}: ${stored} writes stored in ${seconds} s; ${starts} processes of the product.`,
			table(rows),
			...(reasons.length === 0 ? [] : ['Writes that failed, which is no broken promise:', table(reasons)]),
		].join('\n\n');
	},
	goals: ({ results }) => [
		goalOf('everything stored is right after each disturbance, and the promises above are kept', results),
	],
};
