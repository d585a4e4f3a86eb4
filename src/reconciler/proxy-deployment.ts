/** Reconciles the Deployment: its replica count, its pod template, and an Event about an image that is too old. */

import type { Json } from '../api/types.ts';
import { appliedReplicasOf, proxyDeploymentOf, replicasOf, withDesiredReplicas } from '../objects/deployment.ts';
import { updateLiveTemplate } from '../objects/live-deployment.ts';
import { appliedReplicas, desiredReplicas } from '../policy/replicas.ts';
import { imageReport } from '../policy/rules.ts';
import { EVENT_REASONS } from './client.ts';
import { type ReconcileContext, recordWrite, soonestMs, timerKey, untilRepeatMs, untilWriteMs } from './context.ts';

/** The delay after a cap until the reconciler checks that the Deployment follows. */
export const CAP_REQUEUE_MS = 2_000;

/** A part of the Deployment with its change if that is due, else the time until it is due. */
interface Change {
	readonly deployment: Json;
	readonly remainingMs: number;
}

/** Writes everything that is due in one request. Returns the delay until the next reconcile, or 0 for none. */
export async function reconcileDeployment(
	context: ReconcileContext,
	deployment: Json,
	checksum: string | undefined,
): Promise<number> {
	const { client, object, server, state, signal } = context;
	const capped = desiredReplicas(server, { operation: 'live', ...countsOf(deployment) });
	const counted = applyReplicas(context, withDesiredReplicas(deployment, capped));
	const rolled = rollTemplate(context, counted.deployment, checksum);
	const wanted = rolled.deployment;
	const repeatMs =
		wanted === deployment ? 0 : untilRepeatMs(deployment, await client.write(deployment, wanted, signal));
	if (capped.replicas !== undefined) {
		const note = `scaled from ${replicasOf(deployment)} replicas to ${capped.replicas}, the maximum for a stdio server`;
		client.recordEvent(object, EVENT_REASONS.capped, note);
	}
	if (counted.isApplied && repeatMs > 0) {
		context.timers.backoff.record(timerKey(context, 'replicas'), countText(wanted), client.nowMs());
	} else if (counted.isApplied) {
		for (const timer of [context.timers.settle, context.timers.backoff]) timer.forget(timerKey(context, 'replicas'));
		state.appliedReplicas = appliedReplicas(server);
		const note = `set spec.replicas of the Deployment to ${replicasOf(wanted)}`;
		client.recordEvent(object, EVENT_REASONS.replicasApplied, note);
	}
	if (wanted !== counted.deployment) recordWrite(context, 'template', templateText(wanted), 'the pod template');
	const capMs = capped.replicas === undefined ? 0 : CAP_REQUEUE_MS;
	return soonestMs([capMs, repeatMs, counted.remainingMs, rolled.remainingMs]);
}

/** Applies the server's `replicas` once the value has been pending for the settle time. */
function applyReplicas(context: ReconcileContext, deployment: Json): Change & { readonly isApplied: boolean } {
	const { server, state, timers } = context;
	const seenApplied = state.appliedReplicas;
	const pending = desiredReplicas(server, { operation: 'apply', ...countsOf(deployment), seenApplied });
	if (pending.appliedReplicas === undefined) {
		timers.settle.forget(timerKey(context, 'replicas'));
		state.appliedReplicas = appliedReplicas(server);
		return { deployment, remainingMs: 0, isApplied: false };
	}
	const wanted = withDesiredReplicas(deployment, pending);
	const remainingMs = untilWriteMs(context, 'replicas', countText(wanted), JSON.stringify(pending));
	if (remainingMs > 0) return { deployment, remainingMs, isApplied: false };
	return { deployment: wanted, remainingMs: 0, isApplied: pending.replicas !== undefined };
}

/** Writes a changed template, which rolls the Pods: once for all due changes, and only for some servers at a time. */
function rollTemplate(context: ReconcileContext, deployment: Json, checksum: string | undefined): Change {
	const { client, server, decision, settings, state, timers } = context;
	const wanted = updateLiveTemplate(deployment, server, decision, settings, checksum);
	state.isRolloutPending = false;
	if (wanted === deployment) {
		timers.settle.forget(timerKey(context, 'template'));
		return { deployment, remainingMs: 0 };
	}
	const remainingMs = untilWriteMs(context, 'template', templateText(wanted));
	if (remainingMs > 0) return { deployment, remainingMs };
	const rateLimitMs = client.rollouts.take(client.nowMs());
	if (rateLimitMs === 0) return { deployment: wanted, remainingMs: 0 };
	state.isRolloutPending = true;
	return { deployment, remainingMs: rateLimitMs };
}

/**
 * Records an Event for each image that is too old for the server. When the server is created, its image is not known
 * yet.
 */
export function reportImage({ client, object, server, state }: ReconcileContext, deployment: Json): void {
	const clusterContext = { deployment: proxyDeploymentOf(deployment) };
	const { tooOld, mayRoll } = imageReport({ server, clusterContext });
	const note = [tooOld && `${tooOld.field}: ${tooOld.message}`, mayRoll].filter((one) => one !== undefined).join('; ');
	if (note !== (state.imageNote ?? '') && note !== '') client.recordEvent(object, EVENT_REASONS.imageTooOld, note);
	state.imageNote = note;
}

const countsOf = (deployment: Json) => ({ live: replicasOf(deployment), applied: appliedReplicasOf(deployment) });

const countText = (deployment: Json): string => String(replicasOf(deployment));

const templateText = (deployment: Json): string => JSON.stringify((deployment['spec'] as Json)['template']);
