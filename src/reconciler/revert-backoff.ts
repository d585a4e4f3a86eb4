/** Clocks that keep the reconciler quiet. All take and return milliseconds of a clock that only goes forward. */

export interface RateLimiter {
	/** Takes one and returns 0, or returns how long to wait for one. */
	readonly take: (nowMs: number) => number;
}

/** How long something has stood unchanged. */
export interface SettleTimer {
	/** 0 when `wish` has been the wish of `key` for the whole time, else what is left of it. */
	readonly left: (key: string, wish: string, nowMs: number) => number;
	readonly forget: (key: string) => void;
}

export function createSettleTimer(forMs: number): SettleTimer {
	const since = new Map<string, { wish: string; atMs: number }>();
	return {
		left: (key, wish, nowMs) => {
			const known = since.get(key);
			if (known?.wish === wish) return Math.max(0, known.atMs + forMs - nowMs);
			since.set(key, { wish, atMs: nowMs });
			return forMs;
		},
		forget: (key) => void since.delete(key),
	};
}

/** Leaves somebody who undoes the same write again and again in peace for longer and longer. */
export interface RevertBackoff {
	/** 0, or how long to leave the next write of `wish`. Another wish is another story. */
	readonly left: (key: string, wish: string, nowMs: number) => number;
	/** `wish` was written. */
	readonly note: (key: string, wish: string, nowMs: number) => void;
	readonly isReverted: (key: string) => boolean;
	readonly forget: (key: string) => void;
}

/** Fewer of the same write are convergence; more of them, each soon after the other, are a fight. */
const FREE_WRITES = 3;
const FIRST_WAIT_MS = 60_000;
const LONGEST_WAIT_MS = 1_800_000;

export function createRevertBackoff(): RevertBackoff {
	const writes = new Map<string, { wish: string; count: number; lastMs: number }>();
	const waitAfter = (count: number): number =>
		count < FREE_WRITES ? 0 : Math.min(FIRST_WAIT_MS * 2 ** (count - FREE_WRITES), LONGEST_WAIT_MS);
	return {
		left: (key, wish, nowMs) => {
			const known = writes.get(key);
			return known?.wish === wish ? Math.max(0, known.lastMs + waitAfter(known.count) - nowMs) : 0;
		},
		note: (key, wish, nowMs) => {
			const known = writes.get(key);
			const isFight =
				known?.wish === wish && nowMs - known.lastMs <= 2 * Math.max(waitAfter(known.count), FIRST_WAIT_MS);
			writes.set(key, { wish, count: isFight ? known.count + 1 : 1, lastMs: nowMs });
		},
		isReverted: (key) => (writes.get(key)?.count ?? 0) > FREE_WRITES,
		forget: (key) => void writes.delete(key),
	};
}
