/** Updates the pod template of an existing proxy Deployment. */

import { TEMPLATE_CHECKSUM_ANNOTATION } from '../api/names.ts';
import { isObject, type Json, type Server } from '../api/types.ts';
import type { Decision } from '../policy/decide.ts';
import type { Settings } from '../policy/settings.ts';
import { applyPassword } from './deployment.ts';
import { annotationOf, valueAt, withAnnotation, withValueAt } from './metadata.ts';
import { applyShutdown } from './shutdown.ts';

const TEMPLATE = ['spec', 'template'] as const;

/**
 * Returns `deployment` with the pod template as it should be, or `deployment` itself if nothing differs. A change rolls
 * the Pods, so shutdown settings alone do not cause one, but they are part of any other change.
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

/** Changes only an existing checksum, because the operator would revert a new annotation. */
function withTemplateChecksum(deployment: Json, checksum: string): Json {
	const template = valueAt(deployment, TEMPLATE);
	const current = isObject(template) ? annotationOf(template, TEMPLATE_CHECKSUM_ANNOTATION) : undefined;
	if (!isObject(template) || current === undefined || current === checksum) return deployment;
	return withValueAt(deployment, TEMPLATE, withAnnotation(template, TEMPLATE_CHECKSUM_ANNOTATION, checksum));
}
