/**
 * Limits the GETs for objects that are not in the cache. A review may name any server, so without a limit each review of an
 * attacker would be a request to the API server, and would delay the calls of watches and Leases.
 */
import { TooManyLookups } from '../api/errors.ts';
import type { RateLimiter } from '../reconciler/timers.ts';
import { createRateLimiter } from './rate-limiter.ts';

/** Misses are rare: a server is in the cache moments after it was created. */
const BURST = 100;
const PER_MINUTE = 1_200;

export interface LookupLimiter {
	/** Resolves with what `cached` returns once it returns something, or with what `request` resolves with. Ends with `signal`. */
	readonly lookUp: <T>(
		cached: () => T | undefined,
		request: () => Promise<T | undefined>,
		signal: AbortSignal,
	) => Promise<T | undefined>;
	/** To be called after each change of the cache. */
	readonly recheck: () => void;
}

interface Waiting {
	readonly start: () => Promise<void>;
	readonly recheck: () => void;
	readonly reject: (reason: unknown) => void;
}

/** At most `max` requests run, and at most `max` look-ups wait: the one that has waited longest is rejected. */
export function createLookupLimiter(
	max: number,
	rate: RateLimiter = createRateLimiter(PER_MINUTE, BURST),
): LookupLimiter {
	const waiting = new Set<Waiting>();
	let running = 0;
	let timer: NodeJS.Timeout | undefined;

	/** The newest first: the oldest may not be awaited any more. */
	const startNext = (): void => {
		clearTimeout(timer);
		for (const lookup of [...waiting].reverse()) {
			if (running >= max) return;
			const waitMs = rate.take(performance.now());
			if (waitMs > 0) {
				timer = setTimeout(startNext, waitMs).unref();
				return;
			}
			waiting.delete(lookup);
			running += 1;
			void lookup.start().finally(() => {
				running -= 1;
				startNext();
			});
		}
	};
	return {
		lookUp: <T>(cached: () => T | undefined, request: () => Promise<T | undefined>, signal: AbortSignal) => {
			const { promise, resolve, reject } = Promise.withResolvers<T | undefined>();
			const lookup: Waiting = {
				start: () => request().then(resolve, reject),
				recheck: () => {
					const value = cached();
					if (value !== undefined) resolve(value);
				},
				reject,
			};
			const onAbort = (): void => reject(signal.reason);
			signal.addEventListener('abort', onAbort, { once: true });
			waiting.add(lookup);
			startNext();
			const [oldest] = waiting;
			if (oldest !== undefined && waiting.size > max) {
				waiting.delete(oldest);
				oldest.reject(new TooManyLookups('too many look-ups in progress'));
			}
			return promise.finally(() => {
				waiting.delete(lookup);
				signal.removeEventListener('abort', onAbort);
			});
		},
		recheck: () => {
			for (const lookup of waiting) lookup.recheck();
		},
	};
}
