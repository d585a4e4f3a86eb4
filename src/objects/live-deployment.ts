/** The pod template of a proxy Deployment that exists already. */

import { TEMPLATE_CHECKSUM_ANNOTATION } from '../api/names.ts';
import { isObject, type Json, type Server } from '../api/types.ts';
import type { Decision } from '../policy/decide.ts';
import type { Settings } from '../policy/settings.ts';
import { applyPassword } from './deployment.ts';
import { annotationOf, withAnnotation } from './metadata.ts';
import { applyShutdown } from './shutdown.ts';

/**
 * The pod template as it should be. Returns `deployment` itself where it is; a change rolls the pods. The shutdown settings are no
 * reason to roll them, but come with a change that is.
 */
export function updateLiveTemplate(
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
