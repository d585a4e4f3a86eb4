/**
 * A list-watch that never stops. It lists, follows the changes, and starts over whenever it cannot be sure that it saw
 * everything: resets, 5xx, 410, a line that is not JSON, an API server that is gone for a minute.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { isObject, type Json } from '../toolhive/types.ts';
import { ApiError, type Connection } from './connect.ts';

export interface WatchOptions {
	readonly connection: Pick<Connection, 'get' | 'stream'>;
	/** Resource paths to try in turn, such as one for each version; the first that is served is watched. */
	readonly paths: readonly string[];
	readonly labelSelector?: string;
	/** Everything there is. Whatever is not in it is gone. */
	readonly onList: (items: readonly Json[]) => void;
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
	longestBackoffMs: 30_000,
	absentMs: 15_000,
	idleTimeoutMs: 150_000,
	watchSeconds: 240,
	relistMs: 3_600_000,
};

const PAGE_SIZE = 500;

/** The first failure is a hiccup that the next attempt mends. */
const FAILURES_WORTH_TELLING = 2;

/** Where to go on after an interruption. */
interface Position {
	readonly path: string;
	readonly resourceVersion: string;
}

export function startWatch(options: WatchOptions): Watch {
	const timing = { ...DEFAULT_TIMING, ...options.timing };
	const stopped = new AbortController();
	const pause = (ms: number): Promise<void> => sleep(ms, undefined, { signal: stopped.signal }).catch(() => undefined);
	let hasSynced = false;
	let lastHeardMs = Number.NEGATIVE_INFINITY;
	let failures = 0;
	let position: Position | undefined;
	let relistAtMs = 0;

	const heard = (): void => {
		lastHeardMs = performance.now();
		if (failures >= FAILURES_WORTH_TELLING) options.onTrouble('watch recovered', { path: options.paths[0] });
		failures = 0;
	};

	async function listAll(): Promise<void> {
		const found = await list(options, stopped.signal);
		options.onList(found?.items ?? []);
		heard();
		hasSynced = true;
		relistAtMs = performance.now() + timing.relistMs;
		position = found;
		if (found === undefined) await pause(timing.absentMs);
	}

	async function followFrom(from: Position): Promise<void> {
		const startedMs = performance.now();
		await follow(options, from, timing, stopped.signal, (resourceVersion) => {
			position = { path: from.path, resourceVersion };
			heard();
		});
		// A server that ends every watch at once must not be asked a thousand times a second.
		if (performance.now() - startedMs < timing.firstBackoffMs) await pause(timing.firstBackoffMs);
	}

	async function run(): Promise<void> {
		while (!stopped.signal.aborted) {
			try {
				if (position === undefined || performance.now() > relistAtMs) await listAll();
				else await followFrom(position);
			} catch (error) {
				if (stopped.signal.aborted) return;
				const isExpired = position !== undefined && error instanceof ApiError && error.status === 410;
				// A broken connection lost nothing that the API server cannot tell again; anything else may have.
				if (error instanceof ApiError || error instanceof SyntaxError) position = undefined;
				if (isExpired) continue;
				failures += 1;
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
		silentForMs: () => performance.now() - lastHeardMs,
		stop: () => stopped.abort(),
	};
}

interface Listed extends Position {
	readonly items: readonly Json[];
}

/** All items, page by page; undefined where no path is served. */
async function list(
	{ connection, paths, labelSelector }: WatchOptions,
	signal: AbortSignal,
): Promise<Listed | undefined> {
	for (const path of paths) {
		const items: Json[] = [];
		let page: Json = {};
		try {
			do {
				const query = { limit: String(PAGE_SIZE), labelSelector, continue: textOf(metadataOf(page)['continue']) };
				page = asObject(await connection.get(withQuery(path, query), signal));
				items.push(...(page['items'] as Json[]).map((item) => withType(item, page)));
			} while (metadataOf(page)['continue']);
		} catch (error) {
			if (error instanceof ApiError && error.status === 404) continue;
			throw error;
		}
		return { path, items, resourceVersion: textOf(metadataOf(page)['resourceVersion']) ?? '0' };
	}
	return undefined;
}

/** Follows the changes after `from` until the server ends the watch. Throws when the thread is lost. */
async function follow(
	options: WatchOptions,
	from: Position,
	timing: Timing,
	signal: AbortSignal,
	onPosition: (resourceVersion: string) => void,
): Promise<void> {
	const path = withQuery(from.path, {
		watch: '1',
		allowWatchBookmarks: 'true',
		resourceVersion: from.resourceVersion,
		timeoutSeconds: String(Math.ceil(timing.watchSeconds * (1 + Math.random()))),
		labelSelector: options.labelSelector,
	});
	for await (const event of linesOf(await options.connection.stream(path, timing.idleTimeoutMs, signal))) {
		const object = asObject(event['object']);
		if (event['type'] === 'ERROR') throw new ApiError(String(object['message']), Number(object['code']));
		if (event['type'] === 'ADDED' || event['type'] === 'MODIFIED') options.onChange(object);
		else if (event['type'] === 'DELETED') options.onDelete(object);
		onPosition(String(metadataOf(object)['resourceVersion']));
	}
}

/** The JSON objects of a stream, one per line. Throws on a line that is not one. */
async function* linesOf(stream: AsyncIterable<Buffer>): AsyncGenerator<Json> {
	const decoder = new TextDecoder();
	let pending: string[] = [];
	for await (const chunk of stream) {
		const parts = decoder.decode(chunk, { stream: true }).split('\n');
		for (const part of parts.slice(0, -1)) {
			const line = [...pending, part].join('');
			pending = [];
			if (line !== '') yield asObject(JSON.parse(line));
		}
		pending.push(parts.at(-1) ?? '');
	}
}

function withQuery(path: string, query: Record<string, string | undefined>): string {
	const set = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined);
	return `${path}?${new URLSearchParams(set)}`;
}

/** Items of a list come without the type that the list has. */
function withType(item: Json, page: Json): Json {
	const kind = String(page['kind']).replace(/List$/, '');
	return { apiVersion: page['apiVersion'], kind, ...item };
}

function asObject(value: unknown): Json {
	if (!isObject(value)) throw new SyntaxError('the API server sent something that is not an object');
	return value;
}

const metadataOf = (object: Json): Json => (isObject(object['metadata']) ? object['metadata'] : {});

const textOf = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

const reasonOf = (error: unknown): string =>
	error instanceof Error ? (error.cause instanceof Error ? error.cause.message : error.message) : String(error);
