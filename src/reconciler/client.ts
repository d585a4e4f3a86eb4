/** What a pass may ask and do. Functions, so that a test passes its own. */

import type { Json, Server, ServerRef } from '../api/types.ts';
import type { ClusterContext } from '../policy/finding.ts';
import type { EventReason } from './events.ts';
import type { RateLimiter } from './revert-backoff.ts';

/** Reads are fresh; a write carries the resourceVersion that was read, and rejects if the object has changed since. */
export interface ReconcilerObjects {
	readonly getServer: (ref: ServerRef, signal: AbortSignal) => Promise<Json | undefined>;
	readonly getDeployment: (namespace: string, name: string, signal: AbortSignal) => Promise<Json | undefined>;
	readonly getConfigMap: (namespace: string, name: string, signal: AbortSignal) => Promise<Json | undefined>;
	/** Stores `conditions` as the whole list of `server`, and nothing else of its status. */
	readonly writeConditions: (server: Json, conditions: readonly Json[], signal: AbortSignal) => Promise<void>;
	/** Stores `wanted`, which was made from `found`; resolves with what is stored then. */
	readonly write: (found: Json, wanted: Json, signal: AbortSignal) => Promise<Json>;
}

export interface ReconcilerClient extends ReconcilerObjects {
	readonly surroundingsOf: (server: Server) => ClusterContext;
	/** Whether `error` says that somebody else wrote in between. */
	readonly isConflict: (error: unknown) => boolean;
	readonly tell: (server: Json, occasion: EventReason, note: string) => void;
	readonly nowMs: () => number;
	/** Wall clock for lastTransitionTime: RFC 3339 in whole seconds. */
	readonly timestamp: () => string;
	/** Template changes roll pods; this says when the next may. */
	readonly rollouts: RateLimiter;
}

/** What a pass wants of the queue. */
export interface Pass {
	readonly requeueAfterMs?: number;
}
