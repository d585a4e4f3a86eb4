/** What the measurement of attacks says. */
import type { AttackName } from '../test/http/attacks.ts';
import type { Account } from './account.ts';
import type { Spread } from './statistics.ts';
import { spreadText, table } from './table.ts';

export interface HostileOptions {
	readonly rounds: number;
	readonly durationMs: number;
	readonly connections: number;
	readonly nodeFlags: readonly string[];
}

export interface Attacked {
	readonly attack: AttackName;
	/** Reviews a second, medians. */
	readonly without: number;
	readonly during: number;
	readonly ratio: Spread;
	readonly p99Ms: number;
	/** Memory that the process had at most until then. */
	readonly peakMib: number;
}

/** What is to be left of the rate. */
const GOAL = 0.5;
/** The limit of the pod in manifests/. */
const LIMIT_MIB = 512;

export const HOSTILE: Account<HostileOptions, readonly Attacked[]> = {
	name: 'hostile',
	command: 'make bench-hostile',
	page: 'docs/reliability.md',
	tables: ({ results }) =>
		table(
			results.map(({ attack, without, during, ratio, p99Ms, peakMib }) => ({
				attack,
				'of the rate is left': spreadText(ratio),
				'reviews/s without': without,
				during,
				'p99 ms': p99Ms,
				'MiB, most so far': peakMib,
			})),
		),
	goals: ({ results }) => {
		const least = Math.min(...results.map(({ ratio }) => ratio.median));
		const most = Math.max(...results.map(({ peakMib }) => peakMib));
		return [
			{ promised: `at least ${GOAL} of the rate is left`, measured: String(least), isKept: least >= GOAL },
			{ promised: `memory stays below ${LIMIT_MIB} MiB`, measured: String(most), isKept: most < LIMIT_MIB },
		];
	},
};
