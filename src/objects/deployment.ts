/** The proxy Deployment: count, password variable, and together with these the shutdown settings. */

import { APPLIED_REPLICAS_ANNOTATION } from '../api/names.ts';
import { isObject, type Json, metadataOf, type ProxyDeployment, type Server } from '../api/types.ts';
import type { Decision } from '../policy/decide.ts';
import { type DesiredReplicas, desiredReplicas } from '../policy/replicas.ts';
import type { Settings } from '../policy/settings.ts';
import { podSpecOf, proxyImageOf, withEnv, withPodSpec } from './containers.ts';
import { deploymentServerRef } from './labelled.ts';
import { annotationOf, ownersOf, textOf, withAnnotation } from './metadata.ts';
import { applyShutdown, updateShutdown } from './shutdown.ts';

/** A new proxy Deployment as it should be created. Returns `deployment` itself when it already is. */
export function createDeployment(deployment: Json, server: Server, decision: Decision, settings: Settings): Json {
	if (!isObject(deployment['spec'])) return deployment;
	const templated = applyShutdown(applyPassword(deployment, server, decision, settings), server.kind, settings);
	const sent = replicasOf(templated);
	if (sent === undefined && specOf(templated)['replicas'] != null) return templated;
	return withDesiredReplicas(templated, desiredReplicas(server, { operation: 'create', sent }));
}

/**
 * A changed proxy Deployment: the count stays whoever's it is, but a stdio server never runs more than once. `isByOperator`: the
 * shutdown settings of `before` are kept.
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

/** `deployment` with the count and the annotation of `desired`; itself where both stay. */
export function withDesiredReplicas(deployment: Json, { replicas, appliedReplicas }: DesiredReplicas): Json {
	const counted = replicas === undefined ? deployment : { ...deployment, spec: { ...specOf(deployment), replicas } };
	return appliedReplicas === undefined
		? counted
		: withAnnotation(counted, APPLIED_REPLICAS_ANNOTATION, appliedReplicas ?? undefined);
}

export const appliedReplicasOf = (deployment: Json): string | undefined =>
	annotationOf(deployment, APPLIED_REPLICAS_ANNOTATION);

/** The password variable of the pod template. Returns `deployment` itself where it is right. */
export function applyPassword(deployment: Json, server: Server, decision: Decision, settings: Settings): Json {
	const podSpec = podSpecOf(deployment);
	if (podSpec === undefined || decision.passwordEnv === undefined || settings.passwordEnv !== 'deployment')
		return deployment;
	const wanted = withEnv(podSpec, server.kind, decision.passwordEnv);
	return wanted === podSpec ? deployment : withPodSpec(deployment, wanted);
}

const specOf = (object: Json): Json => (isObject(object['spec']) ? object['spec'] : {});

export function replicasOf(deployment: Json): number | undefined {
	const { replicas } = specOf(deployment);
	return typeof replicas === 'number' ? replicas : undefined;
}

/** What the watch cache keeps of a Deployment with ToolHive's labels. */
export function proxyDeploymentOf(deployment: Json): ProxyDeployment {
	const metadata = metadataOf(deployment);
	const namespace = textOf(metadata['namespace']) ?? '';
	const owners = ownersOf(deployment, namespace);
	const [owner] = owners;
	const labelledFor = owner === undefined ? deploymentServerRef(deployment, namespace) : undefined;
	const kind = (owner ?? labelledFor)?.kind;
	const image = kind === undefined ? undefined : proxyImageOf(podSpecOf(deployment), kind);
	const replicas = replicasOf(deployment);
	return {
		namespace,
		name: textOf(metadata['name']) ?? '',
		owners,
		...(labelledFor !== undefined && { labelledFor }),
		...(image !== undefined && { image }),
		...(replicas !== undefined && { replicas }),
		...(typeof metadata['generation'] === 'number' && { generation: metadata['generation'] }),
	};
}
