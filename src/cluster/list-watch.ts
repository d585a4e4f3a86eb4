/** The two requests of a watch: a list, and the changes since that list. */
import { isObject, type Json, metadataOf } from '../api/types.ts';
import { ApiError, type Connection } from './connect.ts';

export interface Resource {
	readonly connection: Pick<Connection, 'get' | 'stream'>;
	/** The possible paths, such as one per API version. The watch uses the first path that the API server serves. */
	readonly paths: readonly string[];
	readonly labelSelector?: string;
}

/** The position at which a watch continues after an interruption. */
export interface Position {
	readonly path: string;
	readonly resourceVersion: string;
}

export interface Listed<T> extends Position {
	readonly items: readonly T[];
}

export interface WatchEvent {
	readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
	readonly object: Json;
	readonly resourceVersion: string;
}

/** An error that the API server reports inside a watch, usually with status 410. */
class StreamError extends Error {}

/**
 * Whether changes may have been missed. After a broken connection or a 5xx status, the API server can still send all
 * changes.
 */
export const isLost = (error: unknown): boolean =>
	error instanceof StreamError ||
	error instanceof SyntaxError ||
	(error instanceof ApiError && error.status < 500 && error.status !== 429);

/**
 * A page is in memory both as text and as objects. With kubectl's page size of 500, listing 10,000 servers took 100 MiB
 * more memory.
 */
const PAGE_SIZE = 100;

/**
 * Passes each item to `project`, page by page, so that at most one page is in memory. Omits items for which `project`
 * returns undefined. Resolves with undefined if no path is served.
 */
export async function listEach<T>(
	{ connection, paths, labelSelector }: Resource,
	project: (item: Json) => T | undefined,
	signal: AbortSignal,
): Promise<Listed<T> | undefined> {
	for (const path of paths) {
		const items: T[] = [];
		let page: Json = {};
		try {
			do {
				const query = { limit: String(PAGE_SIZE), labelSelector, continue: textOf(metadataOf(page)['continue']) };
				page = asObject(await connection.get(withQuery(path, query), signal));
				// Go may encode an empty list as null.
				for (const item of asList(page['items'] ?? [])) {
					const value = project(withType(asObject(item), page));
					if (value !== undefined) items.push(value);
				}
			} while (metadataOf(page)['continue']);
		} catch (error) {
			if (error instanceof ApiError && error.status === 404) continue;
			throw error;
		}
		return { path, items, resourceVersion: textOf(metadataOf(page)['resourceVersion']) ?? '0' };
	}
	return undefined;
}

/** Yields the changes after `from` until the API server ends the watch. Throws if the stream breaks. */
export async function openWatch(
	{ connection, labelSelector }: Resource,
	from: Position,
	{ watchSeconds, idleTimeoutMs }: { readonly watchSeconds: number; readonly idleTimeoutMs: number },
	signal: AbortSignal,
): Promise<AsyncIterable<WatchEvent>> {
	const query = {
		watch: '1',
		allowWatchBookmarks: 'true',
		resourceVersion: from.resourceVersion,
		timeoutSeconds: String(Math.ceil(watchSeconds * (1 + Math.random()))),
		labelSelector,
	};
	return eventsOf(await connection.stream(withQuery(from.path, query), idleTimeoutMs, signal), from.resourceVersion);
}

async function* eventsOf(stream: AsyncIterable<Buffer>, from: string): AsyncGenerator<WatchEvent> {
	let resourceVersion = from;
	for await (const line of linesOf(stream)) {
		const event = asObject(JSON.parse(line));
		const object = asObject(event['object']);
		if (event['type'] === 'ERROR') throw new StreamError(textOf(object['message']) ?? 'no message');
		resourceVersion = textOf(metadataOf(object)['resourceVersion']) ?? resourceVersion;
		yield { type: event['type'] as WatchEvent['type'], object, resourceVersion };
	}
}

async function* linesOf(stream: AsyncIterable<Buffer>): AsyncGenerator<string> {
	const decoder = new TextDecoder();
	let pending: string[] = [];
	for await (const chunk of stream) {
		const parts = decoder.decode(chunk, { stream: true }).split('\n');
		for (const part of parts.slice(0, -1)) {
			const line = [...pending, part].join('');
			pending = [];
			if (line !== '') yield line;
		}
		pending.push(parts.at(-1) ?? '');
	}
}

function withQuery(path: string, query: Record<string, string | undefined>): string {
	const set = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined);
	return `${path}?${new URLSearchParams(set)}`;
}

/** Adds apiVersion and kind, which the items of a list lack. */
function withType(item: Json, page: Json): Json {
	const kind = textOf(page['kind'])?.replace(/List$/, '');
	return { apiVersion: page['apiVersion'], kind, ...item };
}

function asObject(value: unknown): Json {
	if (!isObject(value)) throw new SyntaxError('the API server sent something that is not an object');
	return value;
}

function asList(value: unknown): readonly unknown[] {
	if (!Array.isArray(value)) throw new SyntaxError('the API server sent items that are not a list');
	return value;
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);
