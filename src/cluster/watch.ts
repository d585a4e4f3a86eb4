/**
 * A list-watch that never stops. It lists, follows the changes, and starts over whenever it cannot be sure that it saw
 * everything: resets, 5xx, 410, a line that is not JSON, an API server that is gone for a minute.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Json } from '../api/types.ts';
import { ApiError } from './connect.ts';
import { isLost, listEach, openWatch, type Position, type Resource } from './list-watch.ts';

export interface WatchOptions<T> extends Resource {
	/** What to keep of an object that is listed, so that no more than a page is ever held; nothing where undefined. */
	readonly project: (item: Json) => T | undefined;
	/** Everything there is. Whatever is not in it is gone. */
	readonly onList: (values: readonly T[]) => void;
	readonly onChange: (item: Json) => void;
	readonly onDelete: (item: Json) => void;
	/** Told once per trouble and once when it is over. Messages are constant; `detail` varies. */
	readonly onTrouble: (message: string, detail: Json) => void;
	/** Delays in milliseconds, for tests. */
	readonly timing?: Partial<Timing>;
}

export interface Watch {
	/** Everything that was there at the first list has been told. A resource nobody installed counts as empty. */
	readonly hasSynced: () => boolean;
	/** The one of `paths` that the last list found served. */
	readonly servedPath: () => string | undefined;
	/** The API server will not let us list it. Asked for again and again all the same. */
	readonly isRefused: () => boolean;
	/** Milliseconds since the API server last said anything, `Infinity` before it did. */
	readonly silentForMs: () => number;
	readonly stop: () => void;
}

export interface Timing {
	readonly firstBackoffMs: number;
	readonly longestBackoffMs: number;
	/** How soon to look again for a resource that is not installed. */
	readonly absentMs: number;
	/** The API server sends a bookmark about once a minute, so longer silence is a dead connection. */
	readonly idleTimeoutMs: number;
	/** The server is asked to end a watch after once to twice this, so that clients spread over API servers. */
	readonly watchSeconds: number;
	/** A new list now and then, in case a change was lost without a trace. */
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

/** The first failure is a hiccup that the next attempt mends. */
const FAILURES_WORTH_TELLING = 2;

/** The API server takes us up again where we were after a hiccup, but may be unable to after this many. */
const FAILURES_BEFORE_NEW_LIST = 4;

export function startWatch<T>(options: WatchOptions<T>): Watch {
	const timing = { ...DEFAULT_TIMING, ...options.timing };
	const stopped = new AbortController();
	const pause = (ms: number): Promise<void> => sleep(ms, undefined, { signal: stopped.signal }).catch(() => undefined);
	let hasSynced = false;
	let lastHeardMs = Number.NEGATIVE_INFINITY;
	let failures = 0;
	let position: Position | undefined;
	let relistAtMs = 0;
	let servedPath: string | undefined;
	let isRefused = false;
	let isAbsent = false;

	const heard = (): void => {
		lastHeardMs = performance.now();
	};
	const recover = (): void => {
		if (failures >= FAILURES_WORTH_TELLING) options.onTrouble('watch recovered', { path: options.paths[0] });
		failures = 0;
	};

	async function startOver(): Promise<void> {
		const found = await listEach(options, options.project, stopped.signal);
		options.onList(found?.items ?? []);
		heard();
		hasSynced = true;
		relistAtMs = performance.now() + timing.relistMs;
		position = found;
		servedPath = found?.path;
		isRefused = false;
		if (isAbsent !== (found === undefined)) {
			isAbsent = !isAbsent;
			const message = isAbsent ? 'resource is not installed, waiting for it' : 'resource was installed';
			options.onTrouble(message, { path: options.paths[0] });
		}
		if (found !== undefined) return;
		recover();
		await pause(timing.absentMs);
	}

	async function followFrom(from: Position): Promise<void> {
		const startedMs = performance.now();
		const events = await openWatch(options, from, timing, stopped.signal);
		heard();
		// A list alone is no recovery: where every watch fails at once, each would be followed by another list.
		const calm = setTimeout(recover, timing.firstBackoffMs);
		try {
			for await (const { type, object, resourceVersion } of events) {
				if (type === 'DELETED') options.onDelete(object);
				else if (type !== 'BOOKMARK') options.onChange(object);
				position = { path: from.path, resourceVersion };
				heard();
			}
		} finally {
			clearTimeout(calm);
		}
		// A server that ends every watch at once must not be asked a thousand times a second.
		if (performance.now() - startedMs < timing.firstBackoffMs) await pause(timing.firstBackoffMs);
	}

	async function run(): Promise<void> {
		while (!stopped.signal.aborted) {
			try {
				if (position === undefined || performance.now() > relistAtMs) await startOver();
				else await followFrom(position);
			} catch (error) {
				if (stopped.signal.aborted) return;
				// A refusal is no hiccup: it is told at once, with the verb and the resource in the reason.
				isRefused = error instanceof ApiError && (error.status === 401 || error.status === 403);
				failures = isRefused ? Math.max(failures + 1, FAILURES_WORTH_TELLING) : failures + 1;
				if (isLost(error) || failures >= FAILURES_BEFORE_NEW_LIST) position = undefined;
				if (failures === FAILURES_WORTH_TELLING) {
					options.onTrouble('watch interrupted', { path: options.paths[0], reason: reasonOf(error) });
				}
				const backoffMs = Math.min(timing.firstBackoffMs * 2 ** (failures - 1), timing.longestBackoffMs);
				await pause(backoffMs * (0.5 + Math.random() / 2));
			}
		}
	}

	void run();
	return {
		hasSynced: () => hasSynced,
		isRefused: () => isRefused,
		servedPath: () => servedPath,
		silentForMs: () => performance.now() - lastHeardMs,
		stop: () => stopped.abort(),
	};
}

const reasonOf = (error: unknown): string =>
	error instanceof Error ? (error.cause instanceof Error ? error.cause.message : error.message) : String(error);
