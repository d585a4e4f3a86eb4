/** The Deployment's part of a pass: replica count and pod template. */

import type { Json } from '../api/types.ts';
import { appliedOf, countOf, withDesired } from '../objects/deployment.ts';
import { updateLiveTemplate } from '../objects/live-deployment.ts';
import { appliedReplicas, desiredReplicas } from '../policy/replicas.ts';
import type { Settings } from '../policy/settings.ts';
import type { ReconcilerClient } from './client.ts';
import { type Clocks, noteWritten, type ReconcileContext, soonest } from './context.ts';
import { EVENT_REASONS } from './events.ts';

export interface ProxyDeploymentPass {
	/** Writes what differs, in one write. Resolves with when to look again, 0 for never. */
	readonly reconcile: (scene: ReconcileContext, deployment: Json, checksum: string | undefined) => Promise<number>;
	/** Servers whose pods wait for their turn to be rolled. */
	readonly waitingRollouts: () => number;
	readonly forget: (key: string) => void;
}

/** After a cap: has the Deployment followed? */
export const LOOK_AGAIN_MS = 2_000;

export function createProxyDeploymentPass(
	world: ReconcilerClient,
	settings: Settings,
	clocks: Clocks,
): ProxyDeploymentPass {
	const { standing, patience } = clocks;
	/** By server, the `replicas` that were seen applied: a later count of the Deployment is another client's choice. */
	const seenApplied = new Map<string, string | undefined>();
	const waiting = new Set<string>();

	async function reconcile(scene: ReconcileContext, deployment: Json, checksum: string | undefined): Promise<number> {
		const { key, object, server, signal } = scene;
		const corrected = desiredReplicas(server, { operation: 'live', ...countsOf(deployment) });
		const counted = applyReplicas(scene, withDesired(deployment, corrected));
		const templated = rollTemplate(scene, counted.deployment, checksum);
		const wanted = templated.deployment;
		if (wanted !== deployment) await world.write(deployment, wanted, signal);
		if (corrected.replicas !== undefined) {
			world.tell(
				object,
				EVENT_REASONS.capped,
				`scaled back from ${countOf(deployment)} to ${corrected.replicas}: stdio`,
			);
		}
		if (counted.isApplied) {
			standing.forget(`${key} replicas`);
			seenApplied.set(key, appliedReplicas(server));
			world.tell(object, EVENT_REASONS.replicasApplied, `${countOf(wanted)} replicas written to the Deployment`);
		}
		if (wanted !== counted.deployment)
			noteWritten(world, clocks, object, `${key} template`, templateText(wanted), 'the pod template');
		return soonest([corrected.replicas === undefined ? 0 : LOOK_AGAIN_MS, counted.leftMs, templated.leftMs]);
	}

	/** Applies `replicas` of the server after they were pending for the settle time. */
	function applyReplicas(
		{ key, server }: ReconcileContext,
		deployment: Json,
	): { deployment: Json; leftMs: number; isApplied: boolean } {
		const what = `${key} replicas`;
		const counts = countsOf(deployment);
		const pending = desiredReplicas(server, { operation: 'apply', ...counts });
		const applied = appliedReplicas(server);
		if (pending.replicas === undefined) {
			standing.forget(what);
			seenApplied.set(key, applied);
			return { deployment, leftMs: 0, isApplied: false };
		}
		const isSeen = counts.applied === undefined && seenApplied.get(key) === applied;
		const leftMs = standing.left(what, `${isSeen ? 'annotate' : 'apply'} ${applied}`, world.nowMs());
		if (leftMs > 0) return { deployment, leftMs, isApplied: false };
		// Another client scaled it since. The next leader has not seen the applied count, so the annotation is written.
		if (isSeen && applied !== undefined) {
			return { deployment: withDesired(deployment, { appliedReplicas: applied }), leftMs: 0, isApplied: false };
		}
		return { deployment: withDesired(deployment, pending), leftMs: 0, isApplied: true };
	}

	/** A changed template rolls the pods: once for all that is due, and not everybody's at the same time. */
	function rollTemplate(
		{ key, server, decision }: ReconcileContext,
		deployment: Json,
		checksum: string | undefined,
	): { deployment: Json; leftMs: number } {
		const what = `${key} template`;
		const wanted = updateLiveTemplate(deployment, server, decision, settings, checksum);
		waiting.delete(key);
		if (wanted === deployment) {
			standing.forget(what);
			return { deployment, leftMs: 0 };
		}
		const nowMs = world.nowMs();
		const leftMs = standing.left(what, '', nowMs) || patience.left(what, templateText(wanted), nowMs);
		if (leftMs > 0) return { deployment, leftMs };
		const turnMs = world.rollouts.take(nowMs);
		if (turnMs === 0) return { deployment: wanted, leftMs: 0 };
		waiting.add(key);
		return { deployment, leftMs: turnMs };
	}

	return {
		reconcile,
		waitingRollouts: () => waiting.size,
		forget: (key) => {
			seenApplied.delete(key);
			waiting.delete(key);
			for (const part of ['replicas', 'template']) standing.forget(`${key} ${part}`);
			patience.forget(`${key} template`);
		},
	};
}

const countsOf = (deployment: Json) => ({ live: countOf(deployment), applied: appliedOf(deployment) });

const templateText = (deployment: Json): string => JSON.stringify((deployment['spec'] as Json)['template']);
