import type { RateLimiter } from '../reconciler/timers.ts';

/**
 * Allows `burst` actions at once, then `perMinute` actions, evenly spread. Needs the time of a monotonic clock in
 * milliseconds.
 */
export function createRateLimiter(perMinute: number, burst = 1): RateLimiter {
	const intervalMs = 60_000 / perMinute;
	/** The time at which the full burst is available again. */
	let fullMs = Number.NEGATIVE_INFINITY;
	return {
		take: (nowMs) => {
			const waitMs = fullMs - (burst - 1) * intervalMs - nowMs;
			if (waitMs > 0) return waitMs;
			fullMs = Math.max(fullMs, nowMs) + intervalMs;
			return 0;
		},
	};
}
