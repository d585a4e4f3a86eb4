/**
 * The functions that the reconciler needs from a cluster. The server passes API calls, and tests pass their own
 * functions.
 */

import type { Json, Server, ServerRef } from '../api/types.ts';
import type { ClusterContext } from '../policy/finding.ts';
import type { RateLimiter } from './timers.ts';

/**
 * Reads bypass the cache. A write sends the resourceVersion that was read, and rejects if the object has changed since.
 */
export interface ReconcilerObjects {
	readonly getServer: (ref: ServerRef, signal: AbortSignal) => Promise<Json | undefined>;
	readonly getDeployment: (namespace: string, name: string, signal: AbortSignal) => Promise<Json | undefined>;
	readonly getConfigMap: (namespace: string, name: string, signal: AbortSignal) => Promise<Json | undefined>;
	/** Replaces the conditions of `server` and nothing else in its status. */
	readonly writeConditions: (server: Json, conditions: readonly Json[], signal: AbortSignal) => Promise<void>;
	/** Stores `wanted`, which is a changed copy of `found`. Resolves with the stored object. */
	readonly write: (found: Json, wanted: Json, signal: AbortSignal) => Promise<Json>;
}

export interface ReconcilerClient extends ReconcilerObjects {
	readonly clusterContextOf: (server: Server) => ClusterContext;
	/** Whether `error` means that another client changed the object after it was read. */
	readonly isConflict: (error: unknown) => boolean;
	readonly recordEvent: (server: Json, reason: EventReason, note: string) => void;
	readonly nowMs: () => number;
	/** Returns the wall-clock time for lastTransitionTime, in RFC 3339 with whole seconds. */
	readonly timestamp: () => string;
	/** Limits changes of pod templates, because they roll Pods. */
	readonly rollouts: RateLimiter;
}

export interface EventReason {
	readonly type: 'Normal' | 'Warning';
	readonly reason: string;
	readonly action: string;
}

export const EVENT_REASONS = {
	capped: { type: 'Warning', reason: 'StdioReplicaCapped', action: 'Cap' },
	storageMissing: { type: 'Warning', reason: 'SessionStorageMissing', action: 'Check' },
	replicasApplied: { type: 'Normal', reason: 'ReplicasApplied', action: 'Scale' },
	backfilled: { type: 'Normal', reason: 'ScalingBackfilled', action: 'Update' },
	imageTooOld: { type: 'Warning', reason: 'ImageTooOld', action: 'Check' },
	notOwned: { type: 'Warning', reason: 'NotOwnedByServer', action: 'Check' },
	reverted: { type: 'Warning', reason: 'ScalingReverted', action: 'Update' },
} as const satisfies Record<string, EventReason>;
