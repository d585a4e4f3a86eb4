/** Detects whether a figure grows, based on a few dozen samples with outliers. */
export interface Sample {
	readonly atSeconds: number;
	readonly value: number;
}

interface Slope {
	/** The Theil-Sen slope: the median of the slopes between all pairs, which outliers do not change. */
	readonly perHour: number;
	/** The Mann-Kendall statistic: rising pairs minus falling pairs, in standard deviations. */
	readonly sigmas: number;
	/** The growth over the whole duration. */
	readonly growth: number;
}

/** Returns the minimum of each window, so that garbage and short connections do not count. */
export function leastOf(samples: readonly Sample[], windowSeconds: number): Sample[] {
	const windows = Map.groupBy(samples, ({ atSeconds }) => Math.floor(atSeconds / windowSeconds));
	return [...windows.values()].map((all) => all.reduce((least, one) => (one.value < least.value ? one : least)));
}

export function slopeOf(samples: readonly Sample[]): Slope {
	const slopes = samples.flatMap((one, index) =>
		samples.slice(index + 1).map((later) => (later.value - one.value) / (later.atSeconds - one.atSeconds)),
	);
	slopes.sort((a, b) => a - b);
	const middle = slopes.length >> 1;
	const median = ((slopes[middle] ?? 0) + (slopes[slopes.length % 2 === 1 ? middle : middle - 1] ?? 0)) / 2;
	const score = slopes.reduce((sum, slope) => sum + Math.sign(slope), 0);
	const { length } = samples;
	return {
		perHour: median * 3_600,
		sigmas: score / Math.sqrt((length * (length - 1) * (2 * length + 5)) / 18 || 1),
		growth: median * ((samples.at(-1)?.atSeconds ?? 0) - (samples[0]?.atSeconds ?? 0)),
	};
}

/** If a figure does not grow, the probability that it exceeds this value is below 1 in 30,000. */
export const SIGMAS = 4;
