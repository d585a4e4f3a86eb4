/** The deadline of a request. The API server sends its timeout in `?timeout=`. */

/** The Kubernetes default for webhooks without timeoutSeconds. */
const DEFAULT_TIMEOUT_MS = 10_000;
/** The largest timeout that Kubernetes allows for a webhook. */
const LONGEST_TIMEOUT_MS = 30_000;
/** The share of the timeout for the work. The rest is for sending the response. */
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

/** The deadline passed before the work was done. */
export class DeadlinePassed extends Error {}

/**
 * Returns the result of `work`. After `limitMs`, rejects with DeadlinePassed and aborts the signal of `work`.
 * Synchronous work needs no timer. If `mayWait` throws, asynchronous work is aborted and rejects with that error.
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

/** Returns `deadlineMs` with a cache for the last URL, because an API server repeats the same few URLs. */
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

/** Returns how many milliseconds the work for a request to `url`, such as `/mutate?timeout=5s`, may take. */
export function deadlineMs(url: string): number {
	const mark = url.indexOf('?');
	const timeout = mark === -1 ? null : new URLSearchParams(url.slice(mark + 1)).get('timeout');
	return Math.min(durationMs(timeout ?? '') ?? DEFAULT_TIMEOUT_MS, LONGEST_TIMEOUT_MS) * SHARE;
}

/** Returns the milliseconds of a positive Go duration such as `1m30s`, or undefined if it is not one. */
function durationMs(text: string): number | undefined {
	if (!/^(\d+(\.\d+)?(h|ms|m|s|us|µs|ns))+$/.test(text)) return undefined;
	let sum = 0;
	for (const [, value, unit] of text.matchAll(/(?<![\d.])([\d.]+)(h|ms|m|s|us|µs|ns)/g))
		sum += Number(value) * (UNITS_MS[unit ?? ''] ?? 0);
	return sum > 0 ? sum : undefined;
}
