import { applyToConfigMap, configMapSuffixOf } from '../objects/config-map.ts';
import { proxyDeploymentOf } from '../objects/deployment.ts';
import { annotationOf, isBeingDeleted, ownersOf } from '../objects/metadata.ts';
import { serverOf } from '../objects/server.ts';
import { decide } from '../policy/decide.ts';
import type { Settings } from '../policy/settings.ts';
import { CHECKSUM_ANNOTATION, type Kind } from '../toolhive/names.ts';
import { type Json, metadataOf, type Server, type ServerRef } from '../toolhive/types.ts';
import { createPatience, createStanding } from './patience.ts';
import { createProxyDeploymentPass, LOOK_AGAIN_MS } from './proxy-deployment.ts';
import { noteWritten, type Scene, soonest } from './scene.ts';
import { owedConditions, writeStatus } from './status.ts';
import type { Pass, World } from './world.ts';

export interface Reconciler {
	/** Rejects when something cannot be read or written; the caller retries. */
	readonly reconcile: (ref: ServerRef, signal: AbortSignal) => Promise<Pass>;
	/** Servers whose pods wait for their turn to be rolled. */
	readonly waitingRollouts: () => number;
}

/** A capable operator writes the same conditions within a second; people wait for them. */
const STATUS_SETTLE_MS = 3_000;

const AFTER_CONFLICT_MS = 500;

/** `settleMs`: an operator that does something itself has done it by then. */
export function createReconciler(world: World, settings: Settings, settleMs: number): Reconciler {
	const patience = createPatience();
	const standing = createStanding(settleMs);
	const clocks = { standing, patience };
	const statusStanding = createStanding(Math.min(settleMs, STATUS_SETTLE_MS));
	const proxyDeployment = createProxyDeploymentPass(world, settings, clocks);
	const uids = new Map<string, string>();

	async function reconcile(ref: ServerRef, signal: AbortSignal): Promise<Pass> {
		try {
			return await pass(ref, signal);
		} catch (error) {
			// Somebody wrote in between, which is no failure: what it is now is looked at in a moment.
			if (world.isConflict(error)) return { requeueAfterMs: AFTER_CONFLICT_MS };
			throw error;
		}
	}

	async function pass(ref: ServerRef, signal: AbortSignal): Promise<Pass> {
		const key = `${ref.kind}/${ref.namespace}/${ref.name}`;
		const object = await world.getServer(ref, signal);
		const server = object === undefined ? undefined : serverOf(object);
		if (object === undefined || server === undefined || isBeingDeleted(object)) {
			forget(key);
			return {};
		}
		// One that was made anew under the old name starts without a past.
		if (uids.get(key) !== server.uid) forget(key);
		uids.set(key, server.uid);
		const scene = { key, object, server, decision: decide(server), signal };
		// A status that cannot be read, or a right that is missing, must not keep the rest from being done.
		const outcomes = await Promise.allSettled([reconcileStatus(ref, scene), reconcileObjects(scene)]);
		const failed = outcomes.find((outcome) => outcome.status === 'rejected');
		if (failed !== undefined) throw failed.reason;
		const delayMs = soonest(outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value : 0)));
		return delayMs > 0 ? { requeueAfterMs: delayMs } : {};
	}

	/** Configuration first, because its checksum goes into the pod template. Returns when to look again, 0 for never. */
	async function reconcileObjects(scene: Scene): Promise<number> {
		const { server, signal } = scene;
		const [foundDeployment, foundConfigMap] = await Promise.all([
			world.getDeployment(server.namespace, server.name, signal),
			world.getConfigMap(server.namespace, server.name + configMapSuffixOf(server.kind), signal),
		]);
		const deployment = ownedBy(server, foundDeployment, () => '');
		const configMap = ownedBy(server, foundConfigMap, configMapSuffixOf);
		const [configured] = await Promise.allSettled([reconcileConfigMap(scene, configMap, deployment)]);
		const checksum = configured.status === 'fulfilled' ? configured.value.checksum : undefined;
		const deploymentMs = deployment === undefined ? 0 : await proxyDeployment.reconcile(scene, deployment, checksum);
		if (configured.status === 'rejected') throw configured.reason;
		return soonest([configured.value.leftMs, deploymentMs]);
	}

	/** Returns when to look again, 0 for never. */
	async function reconcileStatus(ref: ServerRef, { key, object, decision, signal }: Scene): Promise<number> {
		const what = `${key} status`;
		const owed = owedConditions(object, '');
		if (owed === undefined) {
			statusStanding.forget(what);
			return 0;
		}
		// Not the list itself: others change their conditions in it all the time.
		const wish = JSON.stringify([decision.conditions, metadataOf(object)['generation']]);
		const leftMs = statusStanding.left(what, wish, world.nowMs());
		if (leftMs > 0) return leftMs;
		const isNewlyCapped = await writeStatus(ref, object, world, signal);
		statusStanding.forget(what);
		return isNewlyCapped ? LOOK_AGAIN_MS : 0;
	}

	/** Writes the configuration once it has been wrong for a while. `leftMs` is when to look again. */
	async function reconcileConfigMap(
		{ key, object, server, decision, signal }: Scene,
		configMap: Json | undefined,
		deployment: Json | undefined,
	): Promise<{ checksum: string | undefined; leftMs: number }> {
		if (configMap === undefined) return { checksum: undefined, leftMs: 0 };
		const checksum = annotationOf(configMap, CHECKSUM_ANNOTATION);
		const surroundings = {
			...world.surroundingsOf(server),
			...(deployment !== undefined && { deployment: proxyDeploymentOf(deployment) }),
		};
		const edit = applyToConfigMap(configMap, server, decision, surroundings, settings.runConfigLayout);
		const what = `${key} configuration`;
		if (edit.configMap === configMap) {
			standing.forget(what);
			return { checksum, leftMs: 0 };
		}
		const nowMs = world.nowMs();
		const wish = annotationOf(edit.configMap, CHECKSUM_ANNOTATION) ?? '';
		const leftMs = standing.left(what, '', nowMs) || patience.left(what, wish, nowMs);
		if (leftMs > 0) return { checksum, leftMs };
		const stored = await world.write(configMap, edit.configMap, signal);
		noteWritten(world, clocks, object, what, wish, 'the configuration');
		return { checksum: annotationOf(stored, CHECKSUM_ANNOTATION), leftMs: 0 };
	}

	function forget(key: string): void {
		uids.delete(key);
		proxyDeployment.forget(key);
		statusStanding.forget(`${key} status`);
		standing.forget(`${key} configuration`);
		patience.forget(`${key} configuration`);
	}

	return { reconcile, waitingRollouts: proxyDeployment.waitingRollouts };
}

/** `object` if `server` owns it, by uid and by the name the operator gives it. */
function ownedBy(server: Server, object: Json | undefined, suffixOf: (kind: Kind) => string): Json | undefined {
	if (object === undefined || isBeingDeleted(object)) return undefined;
	// Of two servers that both claim it only one may rule, or they would take turns.
	const [owner] = ownersOf(object, server.namespace, suffixOf);
	return owner?.kind === server.kind && owner.uid === server.uid ? object : undefined;
}
