/** Reads and changes pod templates and Pods: the pod spec, the proxy container in it, and the password variable. */
import { KINDS, type Kind } from '../api/names.ts';
import { type EnvVar, isObject, type Json } from '../api/types.ts';
import { textOf, valueAt, withValueAt } from './metadata.ts';

/** Returns the pod spec of a Deployment or StatefulSet. */
export function podSpecOf(workload: Json): Json | undefined {
	const podSpec = valueAt(workload, ['spec', 'template', 'spec']);
	return isObject(podSpec) ? podSpec : undefined;
}

/** Returns a copy of `workload` with another pod spec. `workload` must have a pod spec. */
export const withPodSpec = (workload: Json, podSpec: Json): Json =>
	withValueAt(workload, ['spec', 'template', 'spec'], podSpec);

/** Returns the index of the proxy container: the one with its name, else the first one, or -1 without containers. */
function proxyIndex(containers: readonly unknown[], kind: Kind): number {
	const named = containers.findIndex((one) => isObject(one) && one['name'] === KINDS[kind].container);
	return named === -1 && isObject(containers[0]) ? 0 : named;
}

export function proxyContainerOf(podSpec: unknown, kind: Kind): Json | undefined {
	const containers = isObject(podSpec) ? podSpec['containers'] : undefined;
	if (!Array.isArray(containers)) return undefined;
	const container: unknown = containers[proxyIndex(containers, kind)];
	return isObject(container) ? container : undefined;
}

/** Returns a copy of `podSpec` with another proxy container. `podSpec` must have a proxy container. */
export function withProxyContainer(podSpec: Json, kind: Kind, container: Json): Json {
	const containers = podSpec['containers'] as unknown[];
	return { ...podSpec, containers: containers.with(proxyIndex(containers, kind), container) };
}

export const proxyImageOf = (podSpec: unknown, kind: Kind): string | undefined =>
	textOf(proxyContainerOf(podSpec, kind)?.['image']);

/**
 * Returns a copy of `podSpec` with `variable` in its proxy container, or `podSpec` itself if the variable is already
 * there.
 */
export function withEnv(podSpec: Json, kind: Kind, variable: EnvVar): Json {
	const container = proxyContainerOf(podSpec, kind);
	if (container === undefined) return podSpec;
	const env: unknown[] = Array.isArray(container['env']) ? container['env'] : [];
	// Kubernetes uses the last entry of a name.
	const last = env.findLast((entry) => isObject(entry) && entry['name'] === variable.name);
	if (isSameReference(last, variable)) return podSpec;
	const others = last === undefined ? env : env.filter((entry) => !isObject(entry) || entry['name'] !== variable.name);
	return withProxyContainer(podSpec, kind, { ...container, env: [...others, variable] });
}

function isSameReference(entry: unknown, variable: EnvVar): boolean {
	if (!isObject(entry) || (entry['value'] ?? '') !== '' || !isObject(entry['valueFrom'])) return false;
	const { secretKeyRef, ...others } = entry['valueFrom'];
	const wanted = variable.valueFrom?.secretKeyRef;
	return (
		isObject(secretKeyRef) &&
		Object.keys(others).length === 0 &&
		secretKeyRef['name'] === wanted?.name &&
		secretKeyRef['key'] === wanted?.key &&
		(secretKeyRef['optional'] ?? false) === false
	);
}
