import { CHECKSUM_ANNOTATION, type Kind } from '../api/names.ts';
import { type Json, metadataOf, type Server, type ServerRef } from '../api/types.ts';
import { applyToConfigMap, configMapSuffixOf } from '../objects/config-map.ts';
import { proxyDeploymentOf } from '../objects/deployment.ts';
import { annotationOf, isBeingDeleted, ownersOf } from '../objects/metadata.ts';
import { serverOf } from '../objects/server.ts';
import { decide } from '../policy/decide.ts';
import type { Settings } from '../policy/settings.ts';
import type { Pass, ReconcilerClient } from './client.ts';
import { noteWritten, type ReconcileContext, soonest } from './context.ts';
import { createImageReport } from './image-report.ts';
import { createProxyDeploymentPass, LOOK_AGAIN_MS } from './proxy-deployment.ts';
import { createRevertBackoff, createSettleTimer } from './revert-backoff.ts';
import { owedConditions, writeStatus } from './status.ts';
import { conditionsBut, contradictedBy, createUnownedReport, NO_REASONS, type Unowned, unownedOf } from './unowned.ts';

export interface Reconciler {
	/** Rejects when something cannot be read or written; the caller retries. */
	readonly reconcile: (ref: ServerRef, signal: AbortSignal) => Promise<Pass>;
	/** Servers whose pods wait for their turn to be rolled. */
	readonly waitingRollouts: () => number;
}

/** What belongs to a server: the objects that it owns, and those that it should. */
interface Found {
	readonly deployment: Json | undefined;
	readonly configMap: Json | undefined;
	readonly unowned: Unowned;
}

/** A capable operator writes the same conditions within a second; people wait for them. */
const STATUS_SETTLE_MS = 3_000;

const AFTER_CONFLICT_MS = 500;

/** `settleMs`: an operator that does something itself has done it by then. */
export function createReconciler(world: ReconcilerClient, settings: Settings, settleMs: number): Reconciler {
	const patience = createRevertBackoff();
	const standing = createSettleTimer(settleMs);
	const clocks = { standing, patience };
	const statusStanding = createSettleTimer(Math.min(settleMs, STATUS_SETTLE_MS));
	const proxyDeployment = createProxyDeploymentPass(world, settings, clocks);
	const unownedReport = createUnownedReport(world, standing);
	const imageReport = createImageReport(world);
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
		const found = readObjects(scene);
		const outcomes = await Promise.allSettled([reconcileStatus(ref, scene, found), reconcileObjects(scene, found)]);
		const failed = outcomes.find((outcome) => outcome.status === 'rejected');
		if (failed !== undefined) throw failed.reason;
		const delayMs = soonest(outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value : 0)));
		return delayMs > 0 ? { requeueAfterMs: delayMs } : {};
	}

	async function readObjects({ server, signal }: ReconcileContext): Promise<Found> {
		const [deployment, configMap] = await Promise.all([
			world.getDeployment(server.namespace, server.name, signal),
			world.getConfigMap(server.namespace, server.name + configMapSuffixOf(server.kind), signal),
		]);
		return {
			deployment: ownedBy(server, deployment, () => ''),
			configMap: ownedBy(server, configMap, configMapSuffixOf),
			unowned: unownedOf(server, deployment, configMap),
		};
	}

	/** Configuration first, because its checksum goes into the pod template. Returns when to look again, 0 for never. */
	async function reconcileObjects(scene: ReconcileContext, found: Promise<Found>): Promise<number> {
		const { deployment, configMap, unowned } = await found;
		const reportMs = unownedReport.report(scene, unowned);
		if (deployment !== undefined) imageReport.report(scene, deployment);
		const [configured] = await Promise.allSettled([reconcileConfigMap(scene, configMap, deployment)]);
		const checksum = configured.status === 'fulfilled' ? configured.value.checksum : undefined;
		const deploymentMs = deployment === undefined ? 0 : await proxyDeployment.reconcile(scene, deployment, checksum);
		if (configured.status === 'rejected') throw configured.reason;
		return soonest([reportMs, configured.value.leftMs, deploymentMs]);
	}

	/** Returns when to look again, 0 for never. */
	async function reconcileStatus(ref: ServerRef, scene: ReconcileContext, found: Promise<Found>): Promise<number> {
		const { key, object, server, signal } = scene;
		const what = `${key} status`;
		// Without a permission to read them, nothing is known against the conditions.
		const contradicted = await found.then(
			({ unowned }) => contradictedBy(unowned, scene, world, settings),
			() => NO_REASONS,
		);
		const owed = owedConditions(object, '', contradicted);
		if (owed === undefined) {
			statusStanding.forget(what);
			return 0;
		}
		// Not the list itself: others change their conditions in it all the time.
		const wish = JSON.stringify([conditionsBut(contradicted, server), metadataOf(object)['generation']]);
		const nowMs = world.nowMs();
		// An operator that writes these conditions itself does not know of owners.
		const isDisputed = contradicted.size > 0;
		const leftMs = statusStanding.left(what, wish, nowMs) || (isDisputed ? patience.left(what, wish, nowMs) : 0);
		if (leftMs > 0) return leftMs;
		const isNewlyCapped = await writeStatus(ref, object, contradicted, world, signal);
		statusStanding.forget(what);
		if (isDisputed) patience.note(what, wish, world.nowMs());
		return isNewlyCapped ? LOOK_AGAIN_MS : 0;
	}

	/** Writes the configuration once it has been wrong for a while. `leftMs` is when to look again. */
	async function reconcileConfigMap(
		{ key, object, server, decision, signal }: ReconcileContext,
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
		for (const part of ['configuration', 'status']) patience.forget(`${key} ${part}`);
		unownedReport.forget(key);
		imageReport.forget(key);
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
