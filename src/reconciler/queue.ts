/**
 * A work queue without duplicates: one run per key at a time, backoff after failures, and no key waits for the failure
 * of another.
 */

export interface QueueOptions {
	/** Processes one key. Resolves with the delay until the next run, if any; rejects to be retried. */
	readonly work: (key: string, signal: AbortSignal) => Promise<{ readonly requeueAfterMs?: number } | undefined>;
	/** Called for each failed run. The next run starts after `retryMs`. */
	readonly onFailure: (key: string, error: unknown, retryMs: number) => void;
	/** Maximum number of parallel runs, each with another key. */
	readonly workers?: number;
	readonly firstBackoffMs?: number;
	readonly longestBackoffMs?: number;
	/** Returns a number between 0 and 1; for tests. */
	readonly random?: () => number;
}

export interface Queue {
	/** Adds a key. A waiting key keeps its earliest time, and a running key runs once more. */
	readonly add: (key: string, delayMs?: number) => void;
	readonly size: () => number;
	/** Drops waiting keys and aborts running ones. Resolves when no key is running. */
	readonly stop: () => Promise<void>;
}

/** Timers may fire this much too early. */
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
		// Starts later in the same event-loop turn, so that a key that is added several times in a row, as from a list,
		// runs once.
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
	/** Returns the time of the retry. A run before that time, caused by another change, does not lengthen the backoff. */
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
