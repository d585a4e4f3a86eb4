/** Whether a figure grows, told from a few dozen samples of which some are far off. */

export interface Sample {
	readonly atSeconds: number;
	readonly value: number;
}

export interface Slope {
	/** Theil and Sen: the middle of the slopes between all pairs, which no few samples can bend. */
	readonly perHour: number;
	/** Share of pairs that rise, less those that fall, as a number of standard deviations that chance alone would give (Mann and Kendall). */
	readonly sigmas: number;
	/** What it comes to over all that was measured. */
	readonly growth: number;
}

/** The least of each window: what is left after garbage was collected, and the connections that are always open. */
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
	const median = slopes.length % 2 === 1 ? slopes[middle] : ((slopes[middle - 1] ?? 0) + (slopes[middle] ?? 0)) / 2;
	const perSecond = median ?? 0;
	const score = slopes.reduce((sum, slope) => sum + Math.sign(slope), 0);
	const { length } = samples;
	const seconds = (samples.at(-1)?.atSeconds ?? 0) - (samples[0]?.atSeconds ?? 0);
	return {
		perHour: perSecond * 3_600,
		sigmas: score / Math.sqrt((length * (length - 1) * (2 * length + 5)) / 18 || 1),
		growth: perSecond * seconds,
	};
}

/** So rare by chance (1 in 30,000) that not one of the dozen figures of a run is taken for growing in years of runs. */
const SIGMAS = 4;

/** It grew by more than noise moves it, and not by chance. */
export const isGrowing = ({ growth, sigmas }: Slope, most: number): boolean => growth > most && sigmas > SIGMAS;
