/** Generates random numbers (mulberry32). The same seed generates the same numbers. */
export type Random = ReturnType<typeof createRandom>;

export function createRandom(seed: number) {
	let state = seed >>> 0;
	/** Returns a number that is at least 0 and less than 1. */
	const next = (): number => {
		state = (state + 0x6d2b79f5) >>> 0;
		let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
		mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
	};
	/** Returns an integer from `least` to `most`, inclusive. */
	const between = (least: number, most: number): number => least + Math.floor(next() * (most - least + 1));
	return {
		next,
		between,
		pick: <T>(from: readonly T[]): T => from[between(0, from.length - 1)] as T,
		shuffled: <T>(items: readonly T[]): T[] => {
			const placed = items.map((item) => ({ item, place: next() }));
			return placed.sort((a, b) => a.place - b.place).map(({ item }) => item);
		},
	};
}
