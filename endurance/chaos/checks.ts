/** Promises of a run of `make chaos` or `make soak`, and how they are told. */
import type { Goal } from '../bench/account.ts';

export interface Check {
	readonly promise: string;
	/** Empty where it was kept. */
	readonly failures: readonly string[];
}

/** What is recorded of them. */
export interface Checked {
	readonly checks: number;
	/** The promises that were not kept. */
	readonly broken: readonly string[];
}

const brokenOf = (checks: readonly Check[]): Check[] => checks.filter(({ failures }) => failures.length > 0);

export const checkedOf = (checks: readonly Check[]): Checked => ({
	checks: checks.length,
	broken: brokenOf(checks).map(({ promise }) => promise),
});

export const describeBroken = (checks: readonly Check[]): string[] =>
	brokenOf(checks).map(({ promise, failures }) => [`BROKEN: ${promise}`, ...failures].join('\n  '));

/** The last line of the command. */
export const countOf = ({ checks, broken }: Checked): string =>
	`${checks - broken.length} passed, ${broken.length} failed`;

export const goalOf = (promised: string, { checks, broken }: Checked): Goal => ({
	promised,
	measured: [`${checks - broken.length} of ${checks}`, ...broken].join('; '),
	isKept: broken.length === 0,
});
