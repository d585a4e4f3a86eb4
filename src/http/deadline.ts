/** How long we may work on a request: the API server says in `?timeout=` when it will stop waiting. */

/** Kubernetes' default where a registration names none. */
const DEFAULT_TIMEOUT_MS = 10_000;
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
 * is done at once costs no timer.
 */
export function within<T>(limitMs: number, work: (signal: AbortSignal) => T | Promise<T>): T | Promise<T> {
	const controller = new AbortController();
	const working = work(controller.signal);
	if (!(working instanceof Promise)) return working;
	return new Promise((resolve, reject) => {
		const timer = setTimeout(
			() => {
				reject(new DeadlinePassed('the deadline passed'));
				controller.abort();
			},
			Math.max(limitMs, 0),
		);
		working.then(resolve, reject).finally(() => clearTimeout(timer));
	});
}

/** `budgetMs` with the last answer kept: an API server sends the same few URLs over and over. */
export function createBudget(): (url: string) => number {
	let lastUrl: string | undefined;
	let lastMs = 0;
	return (url) => {
		if (url !== lastUrl) {
			lastMs = budgetMs(url);
			lastUrl = url;
		}
		return lastMs;
	};
}

/** Milliseconds of work for a request to `url`, such as `/mutate?timeout=5s`. */
export function budgetMs(url: string): number {
	const mark = url.indexOf('?');
	const timeout = mark === -1 ? null : new URLSearchParams(url.slice(mark + 1)).get('timeout');
	return (durationMs(timeout ?? '') ?? DEFAULT_TIMEOUT_MS) * SHARE;
}

/** A positive Go duration such as `1m30s` in milliseconds, undefined where it is none. */
function durationMs(text: string): number | undefined {
	if (!/^(\d+(\.\d+)?(h|ms|m|s|us|µs|ns))+$/.test(text)) return undefined;
	let sum = 0;
	for (const [, value, unit] of text.matchAll(/(?<![\d.])([\d.]+)(h|ms|m|s|us|µs|ns)/g))
		sum += Number(value) * (UNITS_MS[unit ?? ''] ?? 0);
	return sum > 0 ? sum : undefined;
}
