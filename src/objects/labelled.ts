/**
 * Identifies the server of an object by name and labels. After a backup is restored, Deployments and ConfigMaps lack an
 * ownerReference.
 */
import { KIND_LIST, KINDS, LABEL_MANAGED_BY, LABEL_TOOLHIVE, MANAGED_BY_OPERATOR } from '../api/names.ts';
import { type Json, metadataOf, type ServerRef } from '../api/types.ts';
import { isObjectName, labelsOf } from './metadata.ts';
import { podServerRef } from './pod.ts';

/** Returns the server of a proxy Deployment, or undefined for any other Deployment. */
export function deploymentServerRef(deployment: Json, namespace: string): ServerRef | undefined {
	// The operator gives the Deployment the labels of its Pods.
	const ref = podServerRef(deployment, namespace);
	const isProxy = labelsOf(deployment)[LABEL_TOOLHIVE] === 'true' && ref?.name === metadataOf(deployment)['name'];
	return isProxy ? ref : undefined;
}

/** Returns the server of a proxy's configuration, or undefined for any other ConfigMap. */
export function configMapServerRef(configMap: Json, namespace: string): ServerRef | undefined {
	const labels = labelsOf(configMap);
	if (labels[LABEL_MANAGED_BY] !== MANAGED_BY_OPERATOR) return undefined;
	for (const kind of KIND_LIST) {
		const { configLabel, configMapSuffix } = KINDS[kind];
		const name = labels[configLabel];
		if (isObjectName(name) && metadataOf(configMap)['name'] === name + configMapSuffix)
			return { kind, namespace, name };
	}
	return undefined;
}
