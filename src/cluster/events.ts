/**
 * Events on servers (events.k8s.io/v1). The same thing said again becomes a series of one Event, and all together are limited
 * in rate: an Event is a note, not a log.
 */
import { type Json, metadataOf } from '../api/types.ts';
import type { Connection } from './connect.ts';

export interface EventText {
	readonly type: 'Normal' | 'Warning';
	readonly reason: string;
	readonly action: string;
	readonly note: string;
}

export interface EventOptions {
	readonly connection: Pick<Connection, 'send'>;
	/** Who says it, such as a pod's name. */
	readonly instance: string;
	readonly onTrouble: (message: string, detail: Json) => void;
	/** Milliseconds since the epoch. */
	readonly nowMs?: () => number;
}

export interface EventRecorder {
	/** Never rejects and never waits: an Event that cannot be written is dropped, with one line in the log. */
	readonly tell: (regarding: Json, event: EventText) => void;
	/** Resolves when what was told is written or dropped. */
	readonly flush: () => Promise<void>;
}

const CONTROLLER = 'toolhive-scaling';
/** The same Event after so long is a new one. */
const SERIES_MS = 360_000;
/** A series is written on its second, fourth, eighth … occurrence: it says how often, not each time. */
const isPowerOfTwo = (count: number): boolean => (count & (count - 1)) === 0;
/** For each namespace, so that one cannot silence another: a burst, then one a second. */
const BURST = 50;
const REFILL_MS = 1_000;
/** Series and namespaces that are remembered at one time. */
const REMEMBERED = 2_000;
const NOTE_LENGTH = 1_024;

interface Series {
	readonly path: string;
	count: number;
	lastMs: number;
}

export function createEventRecorder({
	connection,
	instance,
	onTrouble,
	nowMs = Date.now,
}: EventOptions): EventRecorder {
	const series = new Map<string, Series>();
	const buckets = new Map<string, { tokens: number; refilledMs: number }>();
	let writing: Promise<unknown> = Promise.resolve();

	const takeToken = (namespace: string): boolean => {
		const now = nowMs();
		const bucket = buckets.get(namespace) ?? { tokens: BURST, refilledMs: now };
		const tokens = Math.min(BURST, bucket.tokens + (now - bucket.refilledMs) / REFILL_MS);
		keepFew(buckets);
		buckets.set(namespace, { tokens: tokens < 1 ? tokens : tokens - 1, refilledMs: now });
		return tokens >= 1;
	};
	const send = (key: string, work: () => Promise<unknown>): void => {
		// One after the other, so that a series is never written before its Event.
		writing = writing.then(work).catch((error: Error) => {
			// Never made, or gone by now: the next one of its kind is made anew.
			series.delete(key);
			onTrouble('event cannot be written', { reason: error.message });
		});
	};

	return {
		tell: (regarding, event) => {
			const metadata = metadataOf(regarding);
			const { namespace, name } = metadata as { namespace: string; name: string };
			const key = JSON.stringify([metadata['uid'], event.type, event.reason, event.note]);
			const now = nowMs();
			const known = series.get(key);
			if (known !== undefined && now - known.lastMs < SERIES_MS) {
				known.count += 1;
				known.lastMs = now;
				const body = { series: { count: known.count, lastObservedTime: microTime(now) } };
				if (isPowerOfTwo(known.count) && takeToken(namespace)) {
					send(key, () => connection.send('PATCH', known.path, body, 'application/merge-patch+json'));
				}
				return;
			}
			if (!takeToken(namespace)) return;
			const eventName = `${name.slice(0, 200).replace(/(?<![-.])[-.]+$/, '')}.${now.toString(16)}${Math.floor(Math.random() * 0xffff).toString(16)}`;
			const path = `/apis/events.k8s.io/v1/namespaces/${namespace}/events`;
			keepFew(series);
			series.set(key, { path: `${path}/${eventName}`, count: 1, lastMs: now });
			send(key, () =>
				connection.send('POST', path, objectOf(regarding, event, namespace, eventName, now), 'application/json'),
			);
		},
		flush: async () => {
			await writing;
		},
	};

	function objectOf(regarding: Json, event: EventText, namespace: string, name: string, now: number): object {
		const metadata = metadataOf(regarding);
		return {
			apiVersion: 'events.k8s.io/v1',
			kind: 'Event',
			metadata: { namespace, name },
			eventTime: microTime(now),
			reportingController: CONTROLLER,
			reportingInstance: instance,
			type: event.type,
			reason: event.reason,
			action: event.action,
			note: event.note.slice(0, NOTE_LENGTH),
			regarding: {
				apiVersion: regarding['apiVersion'],
				kind: regarding['kind'],
				namespace,
				name: metadata['name'],
				uid: metadata['uid'],
				resourceVersion: metadata['resourceVersion'],
			},
		};
	}
}

/** Forgets the oldest where there are too many. */
function keepFew(map: Map<string, unknown>): void {
	if (map.size >= REMEMBERED) map.delete(map.keys().next().value as string);
}

const microTime = (ms: number): string => new Date(ms).toISOString().replace('Z', '000Z');
