/** The Deployment's part of a pass: the cap, the count that is owed, and the pod template. */
import { backfillTemplate, capLive, carry, forgetApplied } from '../objects/backfill.ts';
import { countOf, noteApplied } from '../objects/deployment.ts';
import { annotationOf } from '../objects/metadata.ts';
import { appliedNote, owedReplicas } from '../policy/carried-replicas.ts';
import type { Settings } from '../policy/settings.ts';
import { APPLIED_REPLICAS_ANNOTATION } from '../toolhive/names.ts';
import type { Json } from '../toolhive/types.ts';
import { OCCASIONS } from './occasions.ts';
import { type Clocks, noteWritten, type Scene, soonest } from './scene.ts';
import type { World } from './world.ts';

export interface ProxyDeploymentPass {
	/** Writes what differs, in one write. Resolves with when to look again, 0 for never. */
	readonly reconcile: (scene: Scene, deployment: Json, checksum: string | undefined) => Promise<number>;
	/** Servers whose pods wait for their turn to be rolled. */
	readonly waitingRollouts: () => number;
	readonly forget: (key: string) => void;
}

/** After a cap: has the Deployment followed? */
export const LOOK_AGAIN_MS = 2_000;

export function createProxyDeploymentPass(world: World, settings: Settings, clocks: Clocks): ProxyDeploymentPass {
	const { standing, patience } = clocks;
	/** The count that was seen on the Deployment, for a wish that has not changed since: what it shows later is somebody's choice. */
	const carried = new Map<string, string | undefined>();
	const waiting = new Set<string>();

	async function reconcile(scene: Scene, deployment: Json, checksum: string | undefined): Promise<number> {
		const { key, object, server, signal } = scene;
		const capped = capLive(deployment, server);
		const counted = carryReplicas(scene, forgetApplied(capped, server));
		const templated = rollTemplate(scene, counted.deployment, checksum);
		const wanted = templated.deployment;
		if (wanted !== deployment) await world.write(deployment, wanted, signal);
		if (capped !== deployment) {
			world.tell(object, OCCASIONS.capped, `scaled back from ${countOf(deployment)} to ${countOf(capped)}: stdio`);
		}
		if (counted.isCarried) {
			standing.forget(`${key} replicas`);
			carried.set(key, appliedNote(server));
			world.tell(object, OCCASIONS.replicasApplied, `${countOf(wanted)} replicas written to the Deployment`);
		}
		if (wanted !== counted.deployment)
			noteWritten(world, clocks, object, `${key} template`, templateText(wanted), 'the pod template');
		return soonest([capped === deployment ? 0 : LOOK_AGAIN_MS, counted.leftMs, templated.leftMs]);
	}

	function carryReplicas(
		{ key, server }: Scene,
		deployment: Json,
	): { deployment: Json; leftMs: number; isCarried: boolean } {
		const what = `${key} replicas`;
		const applied = annotationOf(deployment, APPLIED_REPLICAS_ANNOTATION);
		const owed = owedReplicas(server, countOf(deployment) ?? 1, applied);
		if (owed === undefined) {
			standing.forget(what);
			carried.set(key, appliedNote(server));
			return { deployment, leftMs: 0, isCarried: false };
		}
		const isSeen = applied === undefined && carried.get(key) === appliedNote(server);
		const leftMs = standing.left(what, `${isSeen ? 'note' : 'carry'} ${appliedNote(server)}`, world.nowMs());
		if (leftMs > 0) return { deployment, leftMs, isCarried: false };
		// Somebody scaled it. The next leader did not see that it had its count, so it is written down.
		if (isSeen) return { deployment: noteApplied(deployment, server), leftMs: 0, isCarried: false };
		return { deployment: carry(deployment, server, owed), leftMs: 0, isCarried: true };
	}

	/** A changed template rolls the pods: once for all that is due, and not everybody's at the same time. */
	function rollTemplate(
		{ key, server, decision }: Scene,
		deployment: Json,
		checksum: string | undefined,
	): { deployment: Json; leftMs: number } {
		const what = `${key} template`;
		const wanted = backfillTemplate(deployment, server, decision, settings, checksum);
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
			carried.delete(key);
			waiting.delete(key);
			for (const part of ['replicas', 'template']) standing.forget(`${key} ${part}`);
			patience.forget(`${key} template`);
		},
	};
}

const templateText = (deployment: Json): string => JSON.stringify((deployment['spec'] as Json)['template']);
