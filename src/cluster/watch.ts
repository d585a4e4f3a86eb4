/**
 * Lists and watches a resource until it is stopped. The watch lists again if it may have missed changes: after a 410,
 * after a line that is not JSON, or after several failures in a row.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Json } from '../api/types.ts';
import { ApiError } from './connect.ts';
import { isLost, listEach, openWatch, type Position, type Resource } from './list-watch.ts';

/** Writes a warning to the log. `message` is constant; `detail` varies. */
export type Warn = (message: string, detail: Json) => void;

export interface WatchOptions<T> extends Resource {
	/**
	 * Returns what to keep of a listed object, or undefined to keep nothing. At most one page of objects is in memory.
	 */
	readonly project: (item: Json) => T | undefined;
	/** Called with all objects that exist. */
	readonly onList: (values: readonly T[]) => void;
	readonly onChange: (item: Json) => void;
	readonly onDelete: (item: Json) => void;
	/** Called once when the watch is interrupted, and once when it has recovered. */
	readonly warn: Warn;
	/** The delays in milliseconds, for tests. */
	readonly timing?: Partial<Timing>;
}

export interface Watch {
	/** Whether the first list is complete. A resource that is not installed counts as empty. */
	readonly hasSynced: () => boolean;
	/** Returns the path that the API server served for the last list. */
	readonly servedPath: () => string | undefined;
	/** Whether the API server returns 401 or 403. A forbidden watch keeps retrying. */
	readonly isForbidden: () => boolean;
	/** Milliseconds since the last list or event, including bookmarks; `Infinity` before the first list. */
	readonly lastEventAgeMs: () => number;
	readonly stop: () => void;
}

export interface Timing {
	readonly firstBackoffMs: number;
	readonly longestBackoffMs: number;
	/** The delay before the next list if the resource is not installed. */
	readonly absentMs: number;
	/** The API server sends a bookmark about once a minute, so a longer pause means that the connection is dead. */
	readonly idleTimeoutMs: number;
	/**
	 * `timeoutSeconds` of a watch is between this value and twice this value, so that clients spread over the API
	 * servers.
	 */
	readonly watchSeconds: number;
	/** The interval between lists if no failure occurs, in case a change was lost. */
	readonly relistMs: number;
}

const DEFAULT_TIMING: Timing = {
	firstBackoffMs: 500,
	longestBackoffMs: 10_000,
	absentMs: 15_000,
	idleTimeoutMs: 150_000,
	watchSeconds: 240,
	relistMs: 3_600_000,
};

/** A single failure is usually over at the next attempt, so it is not logged. */
const FAILURES_BEFORE_WARNING = 2;

/** After this many failures the watch lists again, because the API server may have forgotten the resourceVersion. */
const FAILURES_BEFORE_NEW_LIST = 4;

export function startWatch<T>(options: WatchOptions<T>): Watch {
	const timing = { ...DEFAULT_TIMING, ...options.timing };
	const [path] = options.paths;
	const stopped = new AbortController();
	const pause = (ms: number): Promise<void> => sleep(ms, undefined, { signal: stopped.signal }).catch(() => undefined);
	let lastEventMs: number | undefined;
	let failures = 0;
	let position: Position | undefined;
	let relistAtMs = 0;
	let servedPath: string | undefined;
	let isForbidden = false;
	let isAbsent = false;

	const recover = (): void => {
		if (failures >= FAILURES_BEFORE_WARNING) options.warn('watch recovered', { path });
		failures = 0;
	};

	async function list(): Promise<void> {
		const found = await listEach(options, options.project, stopped.signal);
		options.onList(found?.items ?? []);
		lastEventMs = performance.now();
		relistAtMs = performance.now() + timing.relistMs;
		position = found;
		servedPath = found?.path;
		isForbidden = false;
		const message = found === undefined ? 'resource is not installed, waiting for it' : 'resource was installed';
		if (isAbsent !== (found === undefined)) options.warn(message, { path });
		isAbsent = found === undefined;
		if (found !== undefined) return;
		recover();
		await pause(timing.absentMs);
	}

	async function watchFrom(from: Position): Promise<void> {
		const startedMs = performance.now();
		const events = await openWatch(options, from, timing, stopped.signal);
		lastEventMs = performance.now();
		// A list alone does not count as recovered: if every watch fails immediately, another list would follow each watch.
		const recovered = setTimeout(recover, timing.firstBackoffMs);
		try {
			for await (const { type, object, resourceVersion } of events) {
				if (type === 'DELETED') options.onDelete(object);
				else if (type !== 'BOOKMARK') options.onChange(object);
				position = { path: from.path, resourceVersion };
				lastEventMs = performance.now();
			}
		} finally {
			clearTimeout(recovered);
		}
		// Limits the request rate if an API server ends every watch at once.
		if (performance.now() - startedMs < timing.firstBackoffMs) await pause(timing.firstBackoffMs);
	}

	async function run(): Promise<void> {
		while (!stopped.signal.aborted) {
			try {
				if (position === undefined || performance.now() > relistAtMs) await list();
				else await watchFrom(position);
			} catch (error) {
				if (stopped.signal.aborted) return;
				// Missing permissions are reported immediately. The reason names the verb and the resource.
				isForbidden = error instanceof ApiError && (error.status === 401 || error.status === 403);
				failures = isForbidden ? Math.max(failures + 1, FAILURES_BEFORE_WARNING) : failures + 1;
				if (isLost(error) || failures >= FAILURES_BEFORE_NEW_LIST) position = undefined;
				if (failures === FAILURES_BEFORE_WARNING) options.warn('watch interrupted', { path, reason: reasonOf(error) });
				await pause(backoffOf(failures, timing));
			}
		}
	}

	void run();
	return {
		hasSynced: () => lastEventMs !== undefined,
		isForbidden: () => isForbidden,
		servedPath: () => servedPath,
		lastEventAgeMs: () => (lastEventMs === undefined ? Number.POSITIVE_INFINITY : performance.now() - lastEventMs),
		stop: () => stopped.abort(),
	};
}

const backoffOf = (failures: number, { firstBackoffMs, longestBackoffMs }: Timing): number =>
	Math.min(firstBackoffMs * 2 ** (failures - 1), longestBackoffMs) * (0.5 + Math.random() / 2);

const reasonOf = (error: unknown): string =>
	error instanceof Error ? (error.cause instanceof Error ? error.cause.message : error.message) : String(error);
