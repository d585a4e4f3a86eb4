/**
 * Reads the target and the maximum of a HorizontalPodAutoscaler, or of a KEDA ScaledObject, from which KEDA creates
 * one.
 */
import { isKind, isOfToolhive } from '../api/names.ts';
import { type Autoscaler, isObject, type Json, metadataOf } from '../api/types.ts';
import { textOf } from './metadata.ts';

/** KEDA's default for `maxReplicaCount`. */
const KEDA_MAX_REPLICAS = 100;

/**
 * Returns the part of an autoscaler that the watch cache keeps, or undefined if its target cannot belong to a server.
 */
export function autoscalerOf(object: Json): Autoscaler | undefined {
	const { kind, apiVersion } = object;
	const isKeda = kind === 'ScaledObject';
	if (isKeda && textOf(apiVersion)?.startsWith('keda.sh/') !== true) return undefined;
	const spec = isObject(object['spec']) ? object['spec'] : {};
	const { scaleTargetRef } = spec;
	const targetKind = targetKindOf(scaleTargetRef, isKeda);
	if (!isObject(scaleTargetRef) || targetKind === undefined) return undefined;
	const metadata = metadataOf(object);
	const maxReplicas = isKeda ? (spec['maxReplicaCount'] ?? KEDA_MAX_REPLICAS) : spec['maxReplicas'];
	return {
		kind: isKeda ? kind : 'HorizontalPodAutoscaler',
		namespace: textOf(metadata['namespace']) ?? '',
		name: textOf(metadata['name']) ?? '',
		targetKind,
		target: textOf(scaleTargetRef['name']) ?? '',
		...(typeof maxReplicas === 'number' && { maxReplicas }),
	};
}

function targetKindOf(ref: unknown, isKeda: boolean): Autoscaler['targetKind'] | undefined {
	if (!isObject(ref)) return undefined;
	const kind = ref['kind'] ?? (isKeda ? 'Deployment' : undefined);
	if (kind === 'Deployment' || kind === 'StatefulSet') return kind;
	// Other projects also have a kind MCPServer. A reference without an apiVersion, or with that of Deployments, means
	// ToolHive's.
	const isToolhive = isOfToolhive(ref['apiVersion']) || (ref['apiVersion'] || 'apps/v1') === 'apps/v1';
	return isKind(kind) && isToolhive ? kind : undefined;
}
