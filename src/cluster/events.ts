/** Records Events (events.k8s.io/v1) on servers. A repeated Event becomes a series, and the rate is limited. */
import { type Json, metadataOf } from '../api/types.ts';
import type { RateLimiter } from '../reconciler/timers.ts';
import type { Connection } from './connect.ts';
import { createRateLimiter } from './rate-limiter.ts';
import type { Warn } from './watch.ts';

export interface EventText {
	readonly type: 'Normal' | 'Warning';
	readonly reason: string;
	readonly action: string;
	readonly note: string;
}

export interface EventOptions {
	readonly connection: Pick<Connection, 'send'>;
	/** The `reportingInstance` of the Events, such as a Pod's name. */
	readonly instance: string;
	readonly warn: Warn;
	/** The time in milliseconds since the epoch. */
	readonly nowMs?: () => number;
}

export interface EventRecorder {
	/**
	 * Records an Event without waiting, and never rejects. An Event that cannot be written is dropped, and the failure is
	 * logged.
	 */
	readonly record: (regarding: Json, event: EventText) => void;
	/** Resolves when all Events are written or dropped. */
	readonly flush: () => Promise<void>;
}

const CONTROLLER = 'toolhive-scaling';
/** After this time, a repetition becomes a new Event instead of a part of the series. */
const SERIES_MS = 360_000;
/** A series is written on its second, fourth, eighth … occurrence. */
const isPowerOfTwo = (count: number): boolean => (count & (count - 1)) === 0;
/** The limit applies to each namespace, so that one namespace cannot use up the Events of another. */
const BURST = 50;
const PER_MINUTE = 60;
/** Most series, and most namespaces, that are kept in memory. */
const MAX_ENTRIES = 2_000;
const NOTE_LENGTH = 1_024;

interface Series {
	readonly path: string;
	count: number;
	lastMs: number;
}

export function createEventRecorder({ connection, instance, warn, nowMs = Date.now }: EventOptions): EventRecorder {
	const series = new Map<string, Series>();
	const limiters = new Map<string, RateLimiter>();
	let writing: Promise<unknown> = Promise.resolve();

	const mayWrite = (namespace: string): boolean => {
		const limiter = limiters.get(namespace) ?? createRateLimiter(PER_MINUTE, BURST);
		if (!limiters.has(namespace)) setBounded(limiters, namespace, limiter);
		return limiter.take(nowMs()) === 0;
	};
	const send = (key: string, work: () => Promise<unknown>): void => {
		// Writes are sequential, so that a series is never written before its Event.
		writing = writing.then(work).catch((error: Error) => {
			// The Event could not be created, or it has expired. The next occurrence creates a new Event.
			series.delete(key);
			warn('Event cannot be written', { reason: error.message });
		});
	};

	return {
		record: (regarding, event) => {
			const metadata = metadataOf(regarding);
			const { namespace, name } = metadata as { namespace: string; name: string };
			const key = JSON.stringify([metadata['uid'], event.type, event.reason, event.note]);
			const now = nowMs();
			const known = series.get(key);
			if (known !== undefined && now - known.lastMs < SERIES_MS) {
				known.count += 1;
				known.lastMs = now;
				const body = { series: { count: known.count, lastObservedTime: microTime(now) } };
				if (isPowerOfTwo(known.count) && mayWrite(namespace)) {
					send(key, () => connection.send('PATCH', known.path, body, 'application/merge-patch+json'));
				}
				return;
			}
			if (!mayWrite(namespace)) return;
			const eventName = `${name.slice(0, 200).replace(/(?<![-.])[-.]+$/, '')}.${now.toString(16)}${Math.floor(Math.random() * 0xffff).toString(16)}`;
			const path = `/apis/events.k8s.io/v1/namespaces/${namespace}/events`;
			setBounded(series, key, { path: `${path}/${eventName}`, count: 1, lastMs: now });
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

/** Adds an entry and removes the oldest one if there are too many. */
function setBounded<T>(map: Map<string, T>, key: string, value: T): void {
	if (map.size >= MAX_ENTRIES) map.delete(map.keys().next().value as string);
	map.set(key, value);
}

/** Formats a time as `MicroTime` of the Kubernetes API. */
export const microTime = (ms: number): string => new Date(ms).toISOString().replace('Z', '000Z');
