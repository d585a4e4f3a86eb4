/**
 * A server's Deployment or ConfigMap that it does not own, as after a restore. The reconciler does not write such an object, so
 * the server's conditions must not claim what the object contradicts.
 */

import { CONDITION_REASON } from '../api/names.ts';
import { type Json, metadataOf, type Server, type ServerRef } from '../api/types.ts';
import { applyToConfigMap, configMapSuffixOf } from '../objects/config-map.ts';
import { applyPassword, countOf, proxyDeploymentOf } from '../objects/deployment.ts';
import { configMapServerRef, deploymentServerRef } from '../objects/labelled.ts';
import { isBeingDeleted, ownersOf } from '../objects/metadata.ts';
import type { Condition } from '../policy/condition.ts';
import { decide } from '../policy/decide.ts';
import { desiredReplicas } from '../policy/replicas.ts';
import type { Settings } from '../policy/settings.ts';
import type { ReconcilerClient } from './client.ts';
import type { ReconcileContext } from './context.ts';
import { EVENT_REASONS } from './events.ts';
import type { SettleTimer } from './revert-backoff.ts';

export interface Unowned {
	readonly deployment?: Json;
	readonly configMap?: Json;
}

/** What `server` has by name and labels, but not by ownerReference. */
export function unownedOf(server: Server, deployment: Json | undefined, configMap: Json | undefined): Unowned {
	const { kind, namespace, name, uid } = server;
	const isUnowned = (object: Json, ref: ServerRef | undefined, owners: readonly ServerRef[]): boolean =>
		!isBeingDeleted(object) && ref?.kind === kind && ref.name === name && !owners.some((owner) => owner.uid === uid);
	const isDeployment =
		deployment !== undefined &&
		isUnowned(deployment, deploymentServerRef(deployment, namespace), ownersOf(deployment, namespace));
	const isConfigMap =
		configMap !== undefined &&
		isUnowned(configMap, configMapServerRef(configMap, namespace), ownersOf(configMap, namespace, configMapSuffixOf));
	return { ...(isDeployment && { deployment }), ...(isConfigMap && { configMap }) };
}

export type Reasons = ReadonlySet<string>;
export const NO_REASONS: Reasons = new Set();

/** Reasons of conditions that say of these objects what is not so. */
export function contradictedBy(
	{ deployment, configMap }: Unowned,
	{ server, decision }: Pick<ReconcileContext, 'server' | 'decision'>,
	world: Pick<ReconcilerClient, 'surroundingsOf'>,
	settings: Settings,
): Reasons {
	const reasons = new Set<string>();
	if (deployment !== undefined) {
		const live = { operation: 'live', live: countOf(deployment), applied: undefined } as const;
		if (desiredReplicas(server, live).replicas !== undefined) reasons.add(CONDITION_REASON.capped);
		if (applyPassword(deployment, server, decision, settings) !== deployment)
			reasons.add(CONDITION_REASON.storageConfigured);
	}
	if (configMap !== undefined) {
		const surroundings = {
			...world.surroundingsOf(server),
			...(deployment !== undefined && { deployment: proxyDeploymentOf(deployment) }),
		};
		const edit = applyToConfigMap(configMap, server, decision, surroundings, settings.runConfigLayout);
		if (edit.configMap !== configMap) reasons.add(CONDITION_REASON.storageConfigured);
	}
	return reasons;
}

/** The conditions of `server`. A contradicted one is as for a server without `replicas`: not active, and never created. */
export function conditionsBut(contradicted: Reasons, server: Server): readonly Condition[] {
	const { conditions } = decide(server);
	if (contradicted.size === 0) return conditions;
	const { replicas: _unset, ...spec } = server.spec;
	const inactive = decide({ ...server, spec }).conditions;
	return conditions.map((condition, index) =>
		contradicted.has(condition.reason) ? (inactive[index] ?? condition) : condition,
	);
}

export interface UnownedReport {
	/** One Event, after a delay: the objects of a deleted server are removed a moment later. Returns when to look again. */
	readonly report: (scene: ReconcileContext, unowned: Unowned) => number;
	readonly forget: (key: string) => void;
}

export function createUnownedReport(
	world: Pick<ReconcilerClient, 'tell' | 'nowMs'>,
	standing: SettleTimer,
): UnownedReport {
	const reported = new Map<string, string>();
	const forget = (key: string): void => {
		standing.forget(`${key} owners`);
		reported.delete(key);
	};
	return {
		report: ({ key, object, server }, { deployment, configMap }) => {
			const names = [deployment, configMap].flatMap((one) =>
				one === undefined ? [] : [`${one['kind']} ${metadataOf(one)['name']}`],
			);
			const what = names.join(' and ');
			if (what === '') forget(key);
			if (what === '' || reported.get(key) === what) return 0;
			const leftMs = standing.left(`${key} owners`, what, world.nowMs());
			if (leftMs > 0) return leftMs;
			reported.set(key, what);
			const note = `this ${server.kind} does not own ${what}: scaling settings are not applied; thv-scaling doctor prints the repair`;
			world.tell(object, EVENT_REASONS.notOwned, note);
			return 0;
		},
		forget,
	};
}
