/** The data that the parts of one reconcile share: the server, its decision, and the state between reconciles. */

import { type Json, metadataOf, type Server } from '../api/types.ts';
import type { Decision } from '../policy/decide.ts';
import type { Settings } from '../policy/settings.ts';
import { EVENT_REASONS, type ReconcilerClient } from './client.ts';
import type { RevertBackoff, SettleTimer } from './timers.ts';

export interface ReconcileContext {
	readonly client: ReconcilerClient;
	readonly settings: Settings;
	readonly timers: Timers;
	readonly key: string;
	readonly object: Json;
	readonly server: Server;
	readonly decision: Decision;
	/** The parts of a reconcile change this state. */
	readonly state: ServerState;
	readonly signal: AbortSignal;
}

/** Timers whose keys are the server's key and the written part, so that one part never delays another. */
export interface Timers {
	readonly settle: SettleTimer;
	readonly settleStatus: SettleTimer;
	readonly backoff: RevertBackoff;
}

export const PARTS = ['replicas', 'template', 'configuration', 'status', 'owners'] as const;
export type Part = (typeof PARTS)[number];
export const timerKey = ({ key }: Pick<ReconcileContext, 'key'>, part: Part): string => `${key} ${part}`;

/** The state of a server between two reconciles. */
export interface ServerState {
	readonly uid: string;
	/** The server's `appliedReplicas` when its Deployment was last seen with them. */
	appliedReplicas?: string | undefined;
	isRolloutPending?: boolean;
	/** The last note about the proxy image, so that each note becomes one Event instead of one per reconcile. */
	imageNote?: string;
	/** The objects that the last Event reported as not owned by the server. */
	unowned?: string;
}

/**
 * Returns the time until `desired` may be written, or 0. A change must be stable first, and a change that another
 * client keeps reverting waits longer. If `stable` changes, the settle time begins again.
 */
export function untilWriteMs(context: ReconcileContext, part: Part, desired: string, stable = ''): number {
	const { settle, backoff } = context.timers;
	const [key, nowMs] = [timerKey(context, part), context.client.nowMs()];
	return settle.remainingMs(key, stable, nowMs) || backoff.remainingMs(key, desired, nowMs);
}

/** Records that `desired` was written. `what` names the part in the Event. */
export function recordWrite(context: ReconcileContext, part: Part, desired: string, what: string): void {
	const { client, object, timers } = context;
	const key = timerKey(context, part);
	timers.settle.forget(key);
	timers.backoff.record(key, desired, client.nowMs());
	if (timers.backoff.isReverted(key)) {
		client.recordEvent(object, EVENT_REASONS.reverted, `another client keeps reverting ${what}; backing off`);
	} else client.recordEvent(object, EVENT_REASONS.backfilled, `${what} was updated`);
}

/** An outdated replica usually has a new cache after this delay. */
const REVERTED_REQUEUE_MS = 10_000;

/**
 * Returns the delay until a write is repeated, or 0 if it was stored. A webhook can revert the whole change, as a
 * replica with an outdated cache does. The API server then stores nothing and sends no watch event.
 */
export const untilRepeatMs = (found: Json, stored: Json): number =>
	metadataOf(found)['resourceVersion'] === metadataOf(stored)['resourceVersion'] ? REVERTED_REQUEUE_MS : 0;

/** Returns the shortest of the delays that are not 0, or 0 if all are 0. */
export function soonestMs(delaysMs: readonly number[]): number {
	const delays = delaysMs.filter((ms) => ms > 0);
	return delays.length === 0 ? 0 : Math.min(...delays);
}
