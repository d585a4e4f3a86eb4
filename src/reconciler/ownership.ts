/**
 * Finds the objects of a server. Restored objects may lack the ownerReference. The reconciler does not write objects
 * without it, so the server's conditions must not contradict their content.
 */

import { CONDITION_REASON, type Kind } from '../api/names.ts';
import { type Json, metadataOf, type Server, type ServerRef } from '../api/types.ts';
import { applyToConfigMap, configMapSuffixOf } from '../objects/config-map.ts';
import { applyPassword, proxyDeploymentOf, replicasOf } from '../objects/deployment.ts';
import { configMapServerRef, deploymentServerRef } from '../objects/labelled.ts';
import { isBeingDeleted, ownersOf } from '../objects/metadata.ts';
import { desiredReplicas } from '../policy/replicas.ts';
import { EVENT_REASONS } from './client.ts';
import { type ReconcileContext, timerKey } from './context.ts';

export interface ServerObjects {
	readonly owned: { readonly deployment?: Json | undefined; readonly configMap?: Json | undefined };
	/** The objects that belong to the server by name and labels, but not by ownerReference. */
	readonly unowned: { readonly deployment?: Json | undefined; readonly configMap?: Json | undefined };
	/** The ConfigMap as it should be stored. If nothing differs, this is the original object. */
	readonly desiredConfigMap: Json | undefined;
}

export async function readObjects(context: ReconcileContext): Promise<ServerObjects> {
	const { client, server, decision, settings, signal } = context;
	const { namespace, name, kind } = server;
	const [deployment, configMap] = await Promise.all([
		client.getDeployment(namespace, name, signal),
		client.getConfigMap(namespace, name + configMapSuffixOf(kind), signal),
	]);
	const deploymentIs = ownership(server, deployment, deploymentServerRef, () => '');
	const configMapIs = ownership(server, configMap, configMapServerRef, configMapSuffixOf);
	const clusterContext = {
		...client.clusterContextOf(server),
		...(deployment !== undefined && deploymentIs !== undefined && { deployment: proxyDeploymentOf(deployment) }),
	};
	const pick = (wanted: Ownership): ServerObjects['owned'] => ({
		deployment: deploymentIs === wanted ? deployment : undefined,
		configMap: configMapIs === wanted ? configMap : undefined,
	});
	return {
		owned: pick('owned'),
		unowned: pick('unowned'),
		desiredConfigMap:
			configMap && configMapIs
				? applyToConfigMap(configMap, server, decision, clusterContext, settings.runConfigLayout).configMap
				: undefined,
	};
}

type Ownership = 'owned' | 'unowned' | undefined;

function ownership(
	{ kind, namespace, name, uid }: Server,
	object: Json | undefined,
	labelledFor: (object: Json, namespace: string) => ServerRef | undefined,
	suffixOf: (kind: Kind) => string,
): Ownership {
	if (object === undefined || isBeingDeleted(object)) return undefined;
	const owners = ownersOf(object, namespace, suffixOf);
	// Only the first of two owners writes, because two owners would overwrite each other repeatedly.
	if (owners[0]?.kind === kind && owners[0].uid === uid) return 'owned';
	const ref = labelledFor(object, namespace);
	const isLabelled = ref?.kind === kind && ref.name === name;
	return isLabelled && !owners.some((owner) => owner.uid === uid) ? 'unowned' : undefined;
}

/** Returns the reasons of conditions that the objects contradict. */
export function contradictedReasons(context: ReconcileContext, objects: ServerObjects): ReadonlySet<string> {
	const { server, decision, settings } = context;
	const { deployment, configMap } = objects.unowned;
	const reasons = new Set<string>();
	if (deployment !== undefined) {
		const live = { operation: 'live', live: replicasOf(deployment), applied: undefined } as const;
		if (desiredReplicas(server, live).replicas !== undefined) reasons.add(CONDITION_REASON.capped);
		if (applyPassword(deployment, server, decision, settings) !== deployment)
			reasons.add(CONDITION_REASON.storageConfigured);
	}
	if (configMap !== undefined && configMap !== objects.desiredConfigMap)
		reasons.add(CONDITION_REASON.storageConfigured);
	return reasons;
}

/**
 * Records one Event for each set of objects that the server does not own. The Event waits for the settle time, because
 * the objects of a deleted server are removed a moment later. Returns the delay until the next reconcile, or 0 for
 * none.
 */
export function reportUnowned(context: ReconcileContext, { unowned }: ServerObjects): number {
	const { client, object, server, state, timers } = context;
	const what = [unowned.deployment, unowned.configMap]
		.flatMap((one) => (one === undefined ? [] : [`${one['kind']} ${metadataOf(one)['name']}`]))
		.join(' and ');
	if (what === '') {
		timers.settle.forget(timerKey(context, 'owners'));
		delete state.unowned;
	}
	if (what === '' || state.unowned === what) return 0;
	const remainingMs = timers.settle.remainingMs(timerKey(context, 'owners'), what, client.nowMs());
	if (remainingMs > 0) return remainingMs;
	state.unowned = what;
	const note = `this ${server.kind} does not own ${what}: scaling settings are not applied; thv-scaling doctor prints the fix`;
	client.recordEvent(object, EVENT_REASONS.notOwned, note);
	return 0;
}
