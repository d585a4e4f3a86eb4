/** Order statistics of a few numbers. */

/** The value below which `share` (0 to 1) of `values` lie. */
export function percentile(values: readonly number[], share: number): number {
	const sorted = Float64Array.from(values).sort();
	return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export const median = (values: readonly number[]): number => percentile(values, 0.5);

/** `value` with three significant digits. */
export const rounded = (value: number): number => Number(value.toPrecision(3));

export interface Spread {
	readonly median: number;
	readonly min: number;
	readonly max: number;
}

/** What several rounds gave. */
export const spreadOf = (values: readonly number[]): Spread => ({
	median: rounded(median(values)),
	min: rounded(Math.min(...values)),
	max: rounded(Math.max(...values)),
});
