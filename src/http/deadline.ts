/** How long we may work on a request: the API server says in `?timeout=` when it will stop waiting. */

/** Kubernetes' default where a registration names none. */
const DEFAULT_TIMEOUT_MS = 10_000;
/** The longest that a registration can have, or that an API server gives any request of a client. */
const LONGEST_TIMEOUT_MS = 30_000;
/** The rest is for the way back. */
const SHARE = 0.8;

const UNITS_MS: Readonly<Record<string, number>> = {
	h: 3_600_000,
	m: 60_000,
	s: 1000,
	ms: 1,
	us: 1e-3,
	µs: 1e-3,
	ns: 1e-6,
};

/** Work that took longer than it may. */
export class DeadlinePassed extends Error {}

/**
 * What `work` gives. Rejects with DeadlinePassed, and ends its signal, when that takes longer than `limitMs`. Work that
 * is done at once costs no timer. Work that is not is ended where `mayWait` throws, and rejects with that.
 */
export function within<T>(
	limitMs: number,
	work: (signal: AbortSignal) => T | Promise<T>,
	mayWait: (working: Promise<unknown>) => unknown = () => undefined,
): T | Promise<T> {
	const controller = new AbortController();
	const working = work(controller.signal);
	if (!(working instanceof Promise)) return working;
	return new Promise((resolve, reject) => {
		const end = (reason: unknown): void => {
			reject(reason);
			controller.abort();
		};
		const timer = setTimeout(() => end(new DeadlinePassed('the deadline passed')), Math.max(limitMs, 0));
		working.then(resolve, reject).finally(() => clearTimeout(timer));
		try {
			mayWait(working);
		} catch (error) {
			end(error);
		}
	});
}

/** `deadlineMs` with the last answer kept: an API server sends the same few URLs over and over. */
export function createDeadlines(): (url: string) => number {
	let lastUrl: string | undefined;
	let lastMs = 0;
	return (url) => {
		if (url !== lastUrl) {
			lastMs = deadlineMs(url);
			lastUrl = url;
		}
		return lastMs;
	};
}

/** Milliseconds of work for a request to `url`, such as `/mutate?timeout=5s`. */
export function deadlineMs(url: string): number {
	const mark = url.indexOf('?');
	const timeout = mark === -1 ? null : new URLSearchParams(url.slice(mark + 1)).get('timeout');
	return Math.min(durationMs(timeout ?? '') ?? DEFAULT_TIMEOUT_MS, LONGEST_TIMEOUT_MS) * SHARE;
}

/** A positive Go duration such as `1m30s` in milliseconds, undefined where it is none. */
function durationMs(text: string): number | undefined {
	if (!/^(\d+(\.\d+)?(h|ms|m|s|us|µs|ns))+$/.test(text)) return undefined;
	let sum = 0;
	for (const [, value, unit] of text.matchAll(/(?<![\d.])([\d.]+)(h|ms|m|s|us|µs|ns)/g))
		sum += Number(value) * (UNITS_MS[unit ?? ''] ?? 0);
	return sum > 0 ? sum : undefined;
}
