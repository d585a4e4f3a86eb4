/** Edits the proxy Deployment: replica count, password variable and shutdown settings. */

import { APPLIED_REPLICAS_ANNOTATION } from '../api/names.ts';
import { isObject, type Json, metadataOf, type ProxyDeployment, type Server } from '../api/types.ts';
import type { Decision } from '../policy/decide.ts';
import { type DesiredReplicas, desiredReplicas } from '../policy/replicas.ts';
import type { Settings } from '../policy/settings.ts';
import { podSpecOf, proxyImageOf, withEnv, withPodSpec } from './containers.ts';
import { deploymentServerRef } from './labelled.ts';
import { annotationOf, optional, ownersOf, textOf, valueAt, withAnnotation, withValueAt } from './metadata.ts';
import { applyShutdown, updateShutdown } from './shutdown.ts';

/** Returns a new proxy Deployment as it should be created, or `deployment` itself if nothing differs. */
export function createDeployment(deployment: Json, server: Server, decision: Decision, settings: Settings): Json {
	if (!isObject(deployment['spec'])) return deployment;
	const templated = applyShutdown(applyPassword(deployment, server, decision, settings), server.kind, settings);
	const sent = replicasOf(templated);
	// The API server rejects a count that is not a number.
	if (sent === undefined && valueAt(templated, REPLICAS) != null) return templated;
	return withDesiredReplicas(templated, desiredReplicas(server, { operation: 'create', sent }));
}

/**
 * Returns an updated proxy Deployment as it should be stored. With `isByOperator`, it keeps the shutdown settings of
 * `before`.
 */
export function updateDeployment(
	deployment: Json,
	before: Json,
	server: Server,
	decision: Decision,
	settings: Settings,
	isByOperator: boolean,
): Json {
	const applied = applyPassword(deployment, server, decision, settings);
	const templated = updateShutdown(applied, before, server.kind, settings, isByOperator);
	const desired = desiredReplicas(server, {
		operation: 'update',
		sent: replicasOf(deployment),
		applied: appliedReplicasOf(deployment),
		appliedBefore: appliedReplicasOf(before),
	});
	return withDesiredReplicas(templated, desired);
}

/** Returns `deployment` with a count and an annotation, or `deployment` itself if both stay. */
export function withDesiredReplicas(deployment: Json, { replicas, appliedReplicas }: DesiredReplicas): Json {
	const counted = replicas === undefined ? deployment : withValueAt(deployment, REPLICAS, replicas);
	return appliedReplicas === undefined
		? counted
		: withAnnotation(counted, APPLIED_REPLICAS_ANNOTATION, appliedReplicas ?? undefined);
}

export const appliedReplicasOf = (deployment: Json): string | undefined =>
	annotationOf(deployment, APPLIED_REPLICAS_ANNOTATION);

/** Returns `deployment` with the password variable in its pod template, or `deployment` itself if nothing differs. */
export function applyPassword(deployment: Json, server: Server, decision: Decision, settings: Settings): Json {
	const podSpec = podSpecOf(deployment);
	if (podSpec === undefined || decision.passwordEnv === undefined || settings.passwordEnv !== 'deployment')
		return deployment;
	const wanted = withEnv(podSpec, server.kind, decision.passwordEnv);
	return wanted === podSpec ? deployment : withPodSpec(deployment, wanted);
}

const REPLICAS = ['spec', 'replicas'] as const;

export function replicasOf(deployment: Json): number | undefined {
	const replicas = valueAt(deployment, REPLICAS);
	return typeof replicas === 'number' ? replicas : undefined;
}

/** Returns the part of a Deployment with ToolHive's labels that the watch cache keeps. */
export function proxyDeploymentOf(deployment: Json): ProxyDeployment {
	const metadata = metadataOf(deployment);
	const namespace = textOf(metadata['namespace']) ?? '';
	const owners = ownersOf(deployment, namespace);
	const [owner] = owners;
	const labelledFor = owner === undefined ? deploymentServerRef(deployment, namespace) : undefined;
	const kind = (owner ?? labelledFor)?.kind;
	return {
		namespace,
		name: textOf(metadata['name']) ?? '',
		owners,
		...optional('labelledFor', labelledFor),
		...optional('image', kind && proxyImageOf(podSpecOf(deployment), kind)),
		...optional('replicas', replicasOf(deployment)),
		...(typeof metadata['generation'] === 'number' && { generation: metadata['generation'] }),
	};
}
