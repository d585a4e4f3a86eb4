/** Evaluates a run of `make chaos` or `make soak`, and generates the tables for `make chaos`. */
import type { Account, Goal } from '../bench/account.ts';
import { rounded } from '../bench/statistics.ts';
import { table } from '../bench/table.ts';
import type { Harness } from './harness.ts';
import type { Run } from './run.ts';
import type { Writer } from './writer.ts';

export interface Check {
	readonly check: string;
	/** Empty if the check passed. */
	readonly failures: readonly string[];
}

/** The recorded result of the checks. */
export interface CheckCounts {
	readonly checks: number;
	/** The checks that failed. */
	readonly broken: readonly string[];
}

export const commonChecks = (
	{ members, leaks }: Harness,
	writer: Writer,
	exits: readonly (number | null)[],
): Check[] => [
	{ check: 'a process ends only if the test ended it', failures: members.flatMap(({ replica }) => replica.crashes) },
	{ check: 'after SIGTERM each process exits with 0', failures: exits.filter((code) => code !== 0).map(String) },
	{ check: 'no log contains a Secret', failures: leaks },
	{ check: 'no review fails because of a bug', failures: members.flatMap(({ replica }) => replica.mistakes) },
	{ check: 'no valid write is denied', failures: writer.denied },
];

const failedIn = (checks: readonly Check[]): Check[] => checks.filter(({ failures }) => failures.length > 0);

export const countsOf = (checks: readonly Check[]): CheckCounts => ({
	checks: checks.length,
	broken: failedIn(checks).map(({ check }) => check),
});

/** Returns the last lines of the command's output. */
export const verdictOf = (checks: readonly Check[]): string =>
	[
		...failedIn(checks).map(({ check, failures }) => [`FAILED: ${check}`, ...failures].join('\n  ')),
		`${checks.length - failedIn(checks).length} passed, ${failedIn(checks).length} failed`,
	].join('\n');

export const goalOf = (promised: string, { checks, broken }: CheckCounts): Goal => ({
	promised,
	measured: [`${checks - broken.length} of ${checks}`, ...broken].join('; '),
	isKept: broken.length === 0,
});

interface ChaosResults extends CheckCounts, Pick<Run, 'stored' | 'failedWrites' | 'starts' | 'seconds'> {
	readonly disturbances: readonly Omit<Run['rounds'][number], 'failures'>[];
}

export function resultsOf({ rounds, checks, stored, failedWrites, starts, seconds }: Run): ChaosResults {
	const disturbances = rounds.map(({ failures: _, ...round }) => ({
		...{ ...round, convergedSeconds: rounded(round.convergedSeconds) },
	}));
	return { seconds: Math.round(seconds), ...countsOf(checks), disturbances, stored, failedWrites, starts };
}

export const CHAOS: Account<{ readonly seed: number }, ChaosResults> = {
	name: 'chaos',
	command: 'make chaos',
	page: 'docs/reliability.md',
	tables: ({ options: { seed }, results: { seconds, disturbances, stored, starts, failedWrites } }) => {
		const reasons = Object.entries(failedWrites).map(([reason, count]) => ({ count, reason }));
		const rows = disturbances.map(({ name, met, convergedSeconds, stored, failed }) => ({
			...{ disturbance: name, 'took effect, times': met, 'recovery, s': convergedSeconds },
			...{ 'stored writes': stored, 'failed writes': failed },
		}));
		return [
			`SEED=${seed}: ${stored} writes stored in ${seconds} s; ${starts} processes of the product.`,
			table(rows),
			...(reasons.length === 0 ? [] : ['Failed writes, which the checks allow:', table(reasons)]),
		].join('\n\n');
	},
	goals: ({ results }) => [
		goalOf('after each disturbance every object reaches its desired state, and all checks above pass', results),
	],
};
