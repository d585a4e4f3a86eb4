/** A work queue: one run per key at a time, no duplicates, backoff for failures, and no key waits for the failure of another. */

export interface QueueOptions {
	/** One run. Resolves with when to run again, if at all; rejects to be retried. */
	readonly work: (key: string, signal: AbortSignal) => Promise<{ readonly requeueAfterMs?: number } | undefined>;
	/** Called for each failed run; the next one is after `retryMs`. */
	readonly onFailure: (key: string, error: unknown, retryMs: number) => void;
	/** Runs at one time, of different keys. */
	readonly workers?: number;
	readonly firstBackoffMs?: number;
	readonly longestBackoffMs?: number;
	/** Between 0 and 1; for tests. */
	readonly random?: () => number;
}

export interface Queue {
	/** A key that is waiting keeps its earliest time; one that is running runs once more. */
	readonly add: (key: string, delayMs?: number) => void;
	readonly size: () => number;
	/** Drops what waits and aborts what runs. Resolves when nothing runs. */
	readonly stop: () => Promise<void>;
}

/** A timer may fire so much early. */
const TIMER_MS = 2;

const DEFAULTS = { workers: 8, firstBackoffMs: 1_000, longestBackoffMs: 300_000, random: Math.random };

export function createQueue(options: QueueOptions): Queue {
	const { work, onFailure, workers, firstBackoffMs, longestBackoffMs, random } = { ...DEFAULTS, ...options };
	const ready = new Set<string>();
	const later = new Map<string, { timer: NodeJS.Timeout; atMs: number }>();
	const working = new Map<string, Promise<void>>();
	const again = new Set<string>();
	const failures = new Map<string, { readonly count: number; readonly dueMs: number }>();
	const stopped = new AbortController();

	const add = (key: string, delayMs = 0): void => {
		if (stopped.signal.aborted || ready.has(key)) return;
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
		ready.add(key);
		// Not at once: a key that is added more than once in a row, as from a list, runs once.
		queueMicrotask(startMore);
	};
	const startMore = (): void => {
		while (working.size < workers && !stopped.signal.aborted) {
			const [key] = ready;
			if (key === undefined) return;
			ready.delete(key);
			working.set(key, run(key));
		}
	};
	/** When to retry. A run before the retry is due, after another change, does not lengthen the backoff. */
	const failedAgain = (key: string): number => {
		const nowMs = performance.now();
		const known = failures.get(key);
		if (known !== undefined && known.dueMs - nowMs > TIMER_MS) return known.dueMs - nowMs;
		const count = (known?.count ?? 0) + 1;
		const backoffMs = Math.min(firstBackoffMs * 2 ** (count - 1), longestBackoffMs) * (0.8 + random() * 0.2);
		failures.set(key, { count, dueMs: nowMs + backoffMs });
		return backoffMs;
	};
	const run = async (key: string): Promise<void> => {
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
		size: () => ready.size + later.size + working.size,
		stop: async () => {
			stopped.abort();
			for (const { timer } of later.values()) clearTimeout(timer);
			later.clear();
			ready.clear();
			await Promise.all(working.values());
		},
	};
}
