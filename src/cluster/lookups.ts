/**
 * Limits the GETs for objects that are not in the cache. A review may name any server. Without a limit, each review of
 * an attacker would cause a request to the API server and delay watches and Leases.
 */
import { TooManyLookups } from '../api/errors.ts';
import type { RateLimiter } from '../reconciler/timers.ts';
import { createRateLimiter } from './rate-limiter.ts';

/** Cache misses are rare, because a new server is in the cache within moments. */
const BURST = 100;
const PER_MINUTE = 1_200;

export interface LookupLimiter {
	/**
	 * Resolves with the result of `cached` as soon as it returns one, or with the result of `request`. `signal` aborts
	 * the look-up.
	 */
	readonly lookUp: <T>(
		cached: () => T | undefined,
		request: () => Promise<T | undefined>,
		signal: AbortSignal,
	) => Promise<T | undefined>;
	/** Checks the cache again for all waiting look-ups. The owner of the cache calls this function after each change. */
	readonly recheck: () => void;
}

interface Waiting {
	readonly start: () => Promise<void>;
	readonly recheck: () => void;
	readonly reject: (reason: unknown) => void;
}

/**
 * Creates a limiter with at most `max` running requests and at most `max` waiting look-ups. If more look-ups wait, the
 * limiter rejects the one that has waited longest.
 */
export function createLookupLimiter(
	max: number,
	rate: RateLimiter = createRateLimiter(PER_MINUTE, BURST),
): LookupLimiter {
	const waiting = new Set<Waiting>();
	let running = 0;
	let timer: NodeJS.Timeout | undefined;

	/** Starts the newest look-up first, because the client of the oldest may have given up. */
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
