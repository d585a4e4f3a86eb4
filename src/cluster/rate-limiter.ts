import type { RateLimiter } from '../reconciler/timers.ts';

/** `burst` at once, then `perMinute`, evenly spread. Milliseconds of a clock that only goes forward. */
export function createRateLimiter(perMinute: number, burst = 1): RateLimiter {
	const intervalMs = 60_000 / perMinute;
	/** When everything that was taken is refilled. */
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
