/** What the reconciler needs of a cluster, as functions: the daemon passes API calls, a test its own. */

import type { Json, Server, ServerRef } from '../api/types.ts';
import type { ClusterContext } from '../policy/finding.ts';
import type { RateLimiter } from './timers.ts';

/** Reads bypass the cache. A write carries the resourceVersion that was read and rejects if the object has changed since. */
export interface ReconcilerObjects {
	readonly getServer: (ref: ServerRef, signal: AbortSignal) => Promise<Json | undefined>;
	readonly getDeployment: (namespace: string, name: string, signal: AbortSignal) => Promise<Json | undefined>;
	readonly getConfigMap: (namespace: string, name: string, signal: AbortSignal) => Promise<Json | undefined>;
	/** Replaces the list of conditions of `server`, and nothing else of its status. */
	readonly writeConditions: (server: Json, conditions: readonly Json[], signal: AbortSignal) => Promise<void>;
	/** Stores `wanted`, which was made from `found`; resolves with the stored object. */
	readonly write: (found: Json, wanted: Json, signal: AbortSignal) => Promise<Json>;
}

export interface ReconcilerClient extends ReconcilerObjects {
	readonly clusterContextOf: (server: Server) => ClusterContext;
	/** Whether `error` means that another client changed the object after it was read. */
	readonly isConflict: (error: unknown) => boolean;
	readonly recordEvent: (server: Json, reason: EventReason, note: string) => void;
	readonly nowMs: () => number;
	/** Wall clock for lastTransitionTime: RFC 3339 in whole seconds. */
	readonly timestamp: () => string;
	/** For changes of pod templates, because they roll pods. */
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
