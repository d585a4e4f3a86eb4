/** Computes statistics over a few rounds. */

/** Returns the value below which the given `share` (0 to 1) of all values is. */
export function percentile(values: readonly number[], share: number): number {
	const sorted = Float64Array.from(values).sort();
	return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export const median = (values: readonly number[]): number => percentile(values, 0.5);

/** Rounds to three significant digits. */
export const rounded = (value: number): number => Number(value.toPrecision(3));

export interface Spread {
	readonly median: number;
	readonly min: number;
	readonly max: number;
}

export const spreadOf = (values: readonly number[]): Spread => ({
	median: rounded(median(values)),
	min: rounded(Math.min(...values)),
	max: rounded(Math.max(...values)),
});

/** Returns the median of one field over the rounds. */
export const middle = <T>(rounds: readonly T[], read: (round: T) => number): number =>
	rounded(median(rounds.map(read)));

/** Returns the ratio between one field of two servers in the same round. */
export const ratioOf = <T>(own: readonly T[], other: readonly T[], read: (round: T) => number): Spread =>
	spreadOf(own.map((round, index) => read(round) / read(other[index] ?? round)));
