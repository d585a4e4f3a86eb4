/** Edits a proxy Pod at its creation: adds the password variable, for operators that revert the env of a Deployment. */

import { KIND_LIST, KINDS, LABEL_APP, LABEL_SERVER } from '../api/names.ts';
import { isObject, type Json, metadataOf, type Server, type ServerRef } from '../api/types.ts';
import type { Decision } from '../policy/decide.ts';
import { withEnv } from './containers.ts';
import { isObjectName, labelsOf } from './metadata.ts';

/** Returns the server of a proxy Pod, identified by ToolHive's labels, or undefined for any other Pod. */
export function podServerRef(pod: Json, namespace: string): ServerRef | undefined {
	const labels = labelsOf(pod);
	const kind = KIND_LIST.find((one) => KINDS[one].app === labels[LABEL_APP]);
	const name = labels[LABEL_SERVER];
	if (kind === undefined || !isObjectName(name) || isBackend(pod)) return undefined;
	return { kind, namespace, name };
}

/**
 * Backend Pods have `app=NAME`. If a server has the name `mcpserver`, its backend Pods differ from proxies only by
 * their owner.
 */
function isBackend(pod: Json): boolean {
	const { ownerReferences } = metadataOf(pod);
	return (
		Array.isArray(ownerReferences) && ownerReferences.some((one) => isObject(one) && one['kind'] === 'StatefulSet')
	);
}

/** Returns `pod` with the password variable in its proxy container, or `pod` itself if nothing differs. */
export function applyToPod(pod: Json, server: Server, decision: Decision): Json {
	const spec = pod['spec'];
	if (decision.passwordEnv === undefined || !isObject(spec)) return pod;
	const wanted = withEnv(spec, server.kind, decision.passwordEnv);
	return wanted === spec ? pod : { ...pod, spec: wanted };
}
