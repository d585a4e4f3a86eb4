/** Reconciles one server: reads the server and its objects, decides once, and writes the differences. */

import { CHECKSUM_ANNOTATION } from '../api/names.ts';
import { metadataOf, type ServerRef } from '../api/types.ts';
import { annotationOf, isBeingDeleted } from '../objects/metadata.ts';
import { serverOf } from '../objects/server.ts';
import { decide } from '../policy/decide.ts';
import type { Settings } from '../policy/settings.ts';
import type { ReconcilerClient } from './client.ts';
import {
	PARTS,
	type ReconcileContext,
	recordWrite,
	type ServerState,
	soonestMs,
	timerKey,
	untilRepeatMs,
	untilWriteMs,
} from './context.ts';
import { readObjects, reportUnowned, type ServerObjects } from './ownership.ts';
import { reconcileDeployment, reportImage } from './proxy-deployment.ts';
import { reconcileStatus } from './status.ts';
import { createRevertBackoff, createSettleTimer } from './timers.ts';

export interface ReconcileResult {
	readonly requeueAfterMs?: number;
}

export interface Reconciler {
	/** Reconciles a server. Rejects if an object cannot be read or written; the caller retries. */
	readonly reconcile: (ref: ServerRef, signal: AbortSignal) => Promise<ReconcileResult>;
	/** Returns the number of servers whose rollout the rate limit delays. */
	readonly pendingRollouts: () => number;
}

/**
 * The settle time of conditions is short: users wait for them, and a capable operator writes the same conditions within
 * a second.
 */
const STATUS_SETTLE_MS = 3_000;

const CONFLICT_REQUEUE_MS = 500;

/** `settleMs` gives an operator that makes the same change the time to make it first. */
export function createReconciler(client: ReconcilerClient, settings: Settings, settleMs: number): Reconciler {
	const timers = {
		settle: createSettleTimer(settleMs),
		settleStatus: createSettleTimer(Math.min(settleMs, STATUS_SETTLE_MS)),
		backoff: createRevertBackoff(),
	};
	const states = new Map<string, ServerState>();

	function forget(key: string): void {
		states.delete(key);
		for (const part of PARTS) for (const timer of Object.values(timers)) timer.forget(timerKey({ key }, part));
	}

	function stateOf(key: string, uid: string): ServerState {
		const known = states.get(key);
		if (known?.uid === uid) return known;
		// A server that was created again under the same name starts without the state of the previous one.
		forget(key);
		const state = { uid };
		states.set(key, state);
		return state;
	}

	async function reconcile(ref: ServerRef, signal: AbortSignal): Promise<ReconcileResult> {
		const key = `${ref.kind}/${ref.namespace}/${ref.name}`;
		const object = await client.getServer(ref, signal);
		const server = object === undefined ? undefined : serverOf(object);
		if (object === undefined || server === undefined || isBeingDeleted(object)) {
			forget(key);
			return {};
		}
		const state = stateOf(key, server.uid);
		const context = { client, settings, timers, key, object, server, decision: decide(server), state, signal };
		const objects = readObjects(context);
		// A status that cannot be read, or a missing permission, must not block the other part.
		const outcomes = await Promise.allSettled([
			reconcileStatus(context, objects),
			objects.then((found) => reconcileObjects(context, found)),
		]);
		const delaysMs = outcomes.map((outcome) => {
			if (outcome.status === 'fulfilled') return outcome.value;
			// A conflict is not a failure: the server is read again.
			if (client.isConflict(outcome.reason)) return CONFLICT_REQUEUE_MS;
			throw outcome.reason;
		});
		const requeueAfterMs = soonestMs(delaysMs);
		return requeueAfterMs > 0 ? { requeueAfterMs } : {};
	}

	return {
		reconcile,
		pendingRollouts: () => [...states.values()].filter(({ isRolloutPending }) => isRolloutPending).length,
	};
}

/**
 * Writes the configuration first, because its checksum is part of the pod template. Returns the delay until the next
 * reconcile, or 0 for none.
 */
async function reconcileObjects(context: ReconcileContext, objects: ServerObjects): Promise<number> {
	const unownedMs = reportUnowned(context, objects);
	const { deployment } = objects.owned;
	if (deployment !== undefined) reportImage(context, deployment);
	const [configured] = await Promise.allSettled([reconcileConfigMap(context, objects)]);
	const checksum = configured.status === 'fulfilled' ? configured.value.checksum : undefined;
	const deploymentMs = deployment === undefined ? 0 : await reconcileDeployment(context, deployment, checksum);
	if (configured.status === 'rejected') throw configured.reason;
	return soonestMs([unownedMs, configured.value.remainingMs, deploymentMs]);
}

/** Writes the configuration once its change is stable. `checksum` is that of the stored object. */
async function reconcileConfigMap(
	context: ReconcileContext,
	{ owned: { configMap, deployment }, desiredConfigMap }: ServerObjects,
): Promise<{ checksum: string | undefined; remainingMs: number }> {
	if (configMap === undefined || desiredConfigMap === undefined) return { checksum: undefined, remainingMs: 0 };
	const checksum = annotationOf(configMap, CHECKSUM_ANNOTATION);
	if (desiredConfigMap === configMap) {
		context.timers.settle.forget(timerKey(context, 'configuration'));
		return { checksum, remainingMs: 0 };
	}
	// An operator may rewrite the configuration of each new Deployment before its image is known. Such a rewrite is not a
	// revert, so the Deployment's uid is part of the key.
	const desired = `${annotationOf(desiredConfigMap, CHECKSUM_ANNOTATION)} ${deployment && metadataOf(deployment)['uid']}`;
	const remainingMs = untilWriteMs(context, 'configuration', desired);
	if (remainingMs > 0) return { checksum, remainingMs };
	const stored = await context.client.write(configMap, desiredConfigMap, context.signal);
	recordWrite(context, 'configuration', desired, 'the configuration');
	return { checksum: annotationOf(stored, CHECKSUM_ANNOTATION), remainingMs: untilRepeatMs(configMap, stored) };
}
