/**
 * What a proxy Deployment that is already there should become, apart from what its next write would get by itself: the
 * count it is owed, the cap, and the checksum that rolls its pods after we changed their configuration.
 */
import type { Decision } from '../policy/decide.ts';
import type { Settings } from '../policy/settings.ts';
import { cap } from '../policy/stdio-cap.ts';
import { APPLIED_REPLICAS_ANNOTATION, TEMPLATE_CHECKSUM_ANNOTATION } from '../toolhive/names.ts';
import { isObject, type Json, type Server } from '../toolhive/types.ts';
import { applyPassword, countOf, noteApplied, withCap, withReplicas } from './deployment.ts';
import { annotationOf, withAnnotation } from './metadata.ts';
import { applyShutdown } from './shutdown.ts';

/**
 * The pod template as it should be. Returns `deployment` itself where it is; a change rolls the pods. The shutdown settings are no
 * reason to roll them, but come with a change that is.
 */
export function backfillTemplate(
	deployment: Json,
	server: Server,
	decision: Decision,
	settings: Settings,
	checksum: string | undefined,
): Json {
	const applied = applyPassword(deployment, server, decision, settings);
	const required = checksum === undefined ? applied : withTemplateChecksum(applied, checksum);
	return required === deployment ? deployment : applyShutdown(required, server.kind, settings);
}

/** Only a checksum that the operator put there is brought up to date: a new annotation would be drift to it. */
function withTemplateChecksum(deployment: Json, checksum: string): Json {
	const spec = deployment['spec'];
	const template = isObject(spec) ? spec['template'] : undefined;
	if (!isObject(spec) || !isObject(template)) return deployment;
	const current = annotationOf(template, TEMPLATE_CHECKSUM_ANNOTATION);
	if (current === undefined || current === checksum) return deployment;
	const changed = withAnnotation(template, TEMPLATE_CHECKSUM_ANNOTATION, checksum);
	return { ...deployment, spec: { ...spec, template: changed } };
}

/** A stdio server's live count above the cap goes back to it, however it came about. */
export function capLive(deployment: Json, server: Server): Json {
	const live = countOf(deployment);
	return live === undefined || cap(server, live) === live ? deployment : withCap(deployment, server, live);
}

/** `replicas` of the server, carried to the Deployment together with the note that says so. */
export const carry = (deployment: Json, server: Server, replicas: number): Json =>
	noteApplied(withReplicas(deployment, replicas), server);

/** A server that asks for no count any more leaves no note behind; the live count stays. */
export const forgetApplied = (deployment: Json, server: Server): Json =>
	server.spec.replicas === undefined && annotationOf(deployment, APPLIED_REPLICAS_ANNOTATION) !== undefined
		? withAnnotation(deployment, APPLIED_REPLICAS_ANNOTATION, undefined)
		: deployment;
