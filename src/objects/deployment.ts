/** The proxy Deployment: count, password variable, and together with these the shutdown settings. */
import { appliedNote } from '../policy/carried-replicas.ts';
import type { Decision } from '../policy/decide.ts';
import type { Settings } from '../policy/settings.ts';
import { cap } from '../policy/stdio-cap.ts';
import { APPLIED_REPLICAS_ANNOTATION } from '../toolhive/names.ts';
import { isObject, type Json, metadataOf, type ProxyDeployment, type Server } from '../toolhive/types.ts';
import { podSpecOf, proxyImageOf, withEnv, withPodSpec } from './containers.ts';
import { deploymentServerRef } from './labelled.ts';
import { annotationOf, ownersOf, textOf, withAnnotation } from './metadata.ts';
import { applyShutdown, updateShutdown } from './shutdown.ts';

/** A new proxy Deployment as it should be created. Returns `deployment` itself when it already is. */
export function createDeployment(deployment: Json, server: Server, decision: Decision, settings: Settings): Json {
	if (!isObject(deployment['spec'])) return deployment;
	const templated = applyShutdown(applyPassword(deployment, server, decision, settings), server.kind, settings);
	const sent = countOf(templated);
	if (sent === undefined && specOf(templated)['replicas'] != null) return templated;
	const replicas = decision.replicas ?? (sent === undefined ? undefined : cap(server, sent));
	if (replicas === undefined || replicas === sent) return templated;
	return noteApplied(withReplicas(templated, replicas), server);
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
	const shut = updateShutdown(applied, before, server.kind, settings, isByOperator);
	const templated = keepAppliedReplicas(shut, before, server);
	const sent = countOf(templated);
	if (sent === undefined || cap(server, sent) === sent) return templated;
	return withCap(templated, server, sent);
}

/** `sent` brought down to the cap. A note of more is so no longer: that wish is owed again when the server is stdio no longer. */
export function withCap(deployment: Json, server: Server, sent: number): Json {
	const count = cap(server, sent);
	const capped = withReplicas(deployment, count);
	const isMore = Number(annotationOf(deployment, APPLIED_REPLICAS_ANNOTATION) ?? 0) > count;
	return isMore ? withAnnotation(capped, APPLIED_REPLICAS_ANNOTATION, String(count)) : capped;
}

/** That the wish of `server` reached the Deployment; from now on its live count is whoever's it is. */
export function noteApplied(deployment: Json, server: Server): Json {
	const note = appliedNote(server);
	return note === undefined ? deployment : withAnnotation(deployment, APPLIED_REPLICAS_ANNOTATION, note);
}

/** A typed PUT that drops our note would make the reconciler take the live count for one that was never applied. */
function keepAppliedReplicas(deployment: Json, before: Json, server: Server): Json {
	const applied = annotationOf(before, APPLIED_REPLICAS_ANNOTATION);
	const isDropped = applied !== undefined && annotationOf(deployment, APPLIED_REPLICAS_ANNOTATION) === undefined;
	return isDropped && server.spec.replicas !== undefined
		? withAnnotation(deployment, APPLIED_REPLICAS_ANNOTATION, applied)
		: deployment;
}

/** The password variable of the pod template. Returns `deployment` itself where it is right. */
export function applyPassword(deployment: Json, server: Server, decision: Decision, settings: Settings): Json {
	const podSpec = podSpecOf(deployment);
	if (podSpec === undefined || decision.passwordEnv === undefined || settings.passwordEnv !== 'deployment')
		return deployment;
	const wanted = withEnv(podSpec, server.kind, decision.passwordEnv);
	return wanted === podSpec ? deployment : withPodSpec(deployment, wanted);
}

const specOf = (object: Json): Json => (isObject(object['spec']) ? object['spec'] : {});

export const withReplicas = (deployment: Json, replicas: number): Json => ({
	...deployment,
	spec: { ...specOf(deployment), replicas },
});

export function countOf(deployment: Json): number | undefined {
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
	const replicas = countOf(deployment);
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
