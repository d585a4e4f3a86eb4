/** Work by key: one pass per key at a time, no duplicates, backoff for what fails, and no key waits for another's failure. */

export interface QueueOptions {
	/** One pass. Resolves with when to come again unasked, if at all; rejects to be retried. */
	readonly work: (key: string, signal: AbortSignal) => Promise<{ readonly requeueAfterMs?: number } | undefined>;
	/** Told of each failed pass; `retryMs` is when the next one is. */
	readonly onFailure: (key: string, error: unknown, retryMs: number) => void;
	/** Passes at one time, over different keys. */
	readonly workers?: number;
	readonly firstBackoffMs?: number;
	readonly longestBackoffMs?: number;
	/** Between 0 and 1; for tests. */
	readonly random?: () => number;
}

export interface Queue {
	/** Soon, or after `delayMs`. A key that is waiting keeps its earliest time; one at work is looked at once more. */
	readonly add: (key: string, delayMs?: number) => void;
	/** Nothing waits and nothing works. */
	readonly isIdle: () => boolean;
	readonly size: () => number;
	/** Forgets what waits and aborts what works. Resolves when nothing works any more. */
	readonly stop: () => Promise<void>;
}

/** A timer may be so much early. */
const TIMER_MS = 2;

const DEFAULTS = { workers: 8, firstBackoffMs: 1_000, longestBackoffMs: 300_000, random: Math.random };

export function createQueue(options: QueueOptions): Queue {
	const { work, onFailure, workers, firstBackoffMs, longestBackoffMs, random } = { ...DEFAULTS, ...options };
	const ready: string[] = [];
	const isReady = new Set<string>();
	const later = new Map<string, { timer: NodeJS.Timeout; atMs: number }>();
	const working = new Map<string, Promise<void>>();
	const again = new Set<string>();
	const failures = new Map<string, { readonly count: number; readonly dueMs: number }>();
	const stopped = new AbortController();

	const add = (key: string, delayMs = 0): void => {
		if (stopped.signal.aborted || isReady.has(key)) return;
		const atMs = performance.now() + delayMs;
		const waiting = later.get(key);
		if (waiting !== undefined && waiting.atMs <= atMs) return;
		if (waiting !== undefined) clearTimeout(waiting.timer);
		later.delete(key);
		if (delayMs > 0) {
			const timer = setTimeout(() => {
				later.delete(key);
				makeReady(key);
			}, delayMs);
			later.set(key, { timer, atMs });
		} else makeReady(key);
	};
	const makeReady = (key: string): void => {
		if (working.has(key)) {
			again.add(key);
			return;
		}
		if (isReady.has(key)) return;
		isReady.add(key);
		ready.push(key);
		// Not at once: what is added in one go, such as a whole list, is one pass each.
		queueMicrotask(startMore);
	};
	const startMore = (): void => {
		while (working.size < workers && !stopped.signal.aborted) {
			const key = ready.shift();
			if (key === undefined) return;
			isReady.delete(key);
			working.set(key, pass(key));
		}
	};
	/** When to try again. What fails because it was changed meanwhile was no retry: a minute of many changes is no hour of failures. */
	const failedAgain = (key: string): number => {
		const nowMs = performance.now();
		const known = failures.get(key);
		if (known !== undefined && known.dueMs - nowMs > TIMER_MS) return known.dueMs - nowMs;
		const count = (known?.count ?? 0) + 1;
		const backoffMs = Math.min(firstBackoffMs * 2 ** (count - 1), longestBackoffMs) * (0.8 + random() * 0.2);
		failures.set(key, { count, dueMs: nowMs + backoffMs });
		return backoffMs;
	};
	const pass = async (key: string): Promise<void> => {
		try {
			const result = await work(key, stopped.signal);
			failures.delete(key);
			if (result?.requeueAfterMs !== undefined && !again.has(key)) add(key, Math.max(result.requeueAfterMs, 1));
		} catch (error) {
			if (!stopped.signal.aborted) {
				const retryMs = failedAgain(key);
				onFailure(key, error, retryMs);
				add(key, retryMs);
			}
		} finally {
			working.delete(key);
			if (again.delete(key)) add(key);
			startMore();
		}
	};

	return {
		add,
		isIdle: () => ready.length === 0 && later.size === 0 && working.size === 0,
		size: () => ready.length + later.size + working.size,
		stop: async () => {
			stopped.abort();
			for (const { timer } of later.values()) clearTimeout(timer);
			later.clear();
			ready.length = 0;
			isReady.clear();
			await Promise.all(working.values());
		},
	};
}
