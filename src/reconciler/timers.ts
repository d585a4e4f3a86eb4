/** Limits how often the reconciler writes. All functions take and return milliseconds of a monotonic clock. */

/** Limits actions to a number per minute. */
export interface RateLimiter {
	/** Takes one action and returns 0, or returns the time until the next action is allowed. */
	readonly take: (nowMs: number) => number;
}

/** Measures for how long a desired state has been unchanged. */
export interface SettleTimer {
	/** Returns 0 once `desired` has been the same for the whole settle time, else the remaining time. */
	readonly remainingMs: (key: string, desired: string, nowMs: number) => number;
	readonly forget: (key: string) => void;
}

export function createSettleTimer(settleMs: number): SettleTimer {
	const since = new Map<string, { desired: string; atMs: number }>();
	return {
		remainingMs: (key, desired, nowMs) => {
			const known = since.get(key);
			if (known?.desired === desired) return Math.max(0, known.atMs + settleMs - nowMs);
			since.set(key, { desired, atMs: nowMs });
			return settleMs;
		},
		forget: (key) => void since.delete(key),
	};
}

/** Backs off from a client that keeps reverting the same write. */
export interface RevertBackoff {
	/** Returns the time until `desired` may be written again, or 0 if something else was written last. */
	readonly remainingMs: (key: string, desired: string, nowMs: number) => number;
	/** Records that `desired` was written. */
	readonly record: (key: string, desired: string, nowMs: number) => void;
	readonly isReverted: (key: string) => boolean;
	readonly forget: (key: string) => void;
}

/** If the same write is repeated more often than this in a short time, another client is reverting it. */
const FREE_WRITES = 3;
const FIRST_DELAY_MS = 60_000;
const LONGEST_DELAY_MS = 1_800_000;

export function createRevertBackoff(): RevertBackoff {
	const writes = new Map<string, { desired: string; count: number; lastMs: number }>();
	const delayAfter = (count: number): number =>
		count < FREE_WRITES ? 0 : Math.min(FIRST_DELAY_MS * 2 ** (count - FREE_WRITES), LONGEST_DELAY_MS);
	return {
		remainingMs: (key, desired, nowMs) => {
			const known = writes.get(key);
			return known?.desired === desired ? Math.max(0, known.lastMs + delayAfter(known.count) - nowMs) : 0;
		},
		record: (key, desired, nowMs) => {
			const known = writes.get(key);
			const isRepeated =
				known?.desired === desired && nowMs - known.lastMs <= 2 * Math.max(delayAfter(known.count), FIRST_DELAY_MS);
			writes.set(key, { desired, count: isRepeated ? known.count + 1 : 1, lastMs: nowMs });
		},
		isReverted: (key) => (writes.get(key)?.count ?? 0) > FREE_WRITES,
		forget: (key) => void writes.delete(key),
	};
}
