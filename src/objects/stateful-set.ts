/**
 * Keeps the order of env in the backend StatefulSet, which the proxy runner applies at every start. Runners below
 * v0.27.0 send env in random order, which would roll the backend and end its sessions.
 */
import { isDeepStrictEqual } from 'node:util';
import { LABEL_APP, LABEL_TOOLHIVE } from '../api/names.ts';
import { isObject, type Json, metadataOf } from '../api/types.ts';
import { podSpecOf, withPodSpec } from './containers.ts';
import { labelsOf } from './metadata.ts';

/** Whether the StatefulSet is a backend: a runner sets its labels to its own name. */
export function isBackend(statefulSet: Json): boolean {
	const labels = labelsOf(statefulSet);
	return labels[LABEL_TOOLHIVE] === 'true' && labels[LABEL_APP] === metadataOf(statefulSet)['name'];
}

/**
 * Returns `statefulSet` with the stored order of each container's `env` if only the order differs, else `statefulSet`
 * itself.
 */
export function keepEnvOrder(statefulSet: Json, before: Json): Json {
	const podSpec = podSpecOf(statefulSet) ?? {};
	const containers = containersOf(podSpec);
	const containersBefore = containersOf(podSpecOf(before) ?? {});
	const kept = containers.map((container) => {
		const stored = containersBefore.find(({ name }) => name === container['name'])?.['env'];
		return isReordered(container['env'], stored) ? { ...container, env: stored } : container;
	});
	const isKept = kept.every((container, index) => container === containers[index]);
	return isKept ? statefulSet : withPodSpec(statefulSet, { ...podSpec, containers: kept });
}

/** Returns false if a name is repeated, because then the order matters: Kubernetes uses the last entry of a name. */
function isReordered(sent: unknown, stored: unknown): boolean {
	if (!Array.isArray(sent) || !Array.isArray(stored) || sent.length !== stored.length) return false;
	const byName = new Map(stored.map((entry) => [nameOf(entry), entry]));
	return (
		new Set(sent.map(nameOf)).size === sent.length &&
		sent.every((entry) => isDeepStrictEqual(byName.get(nameOf(entry)), entry)) &&
		sent.some((entry, index) => nameOf(entry) !== nameOf(stored[index]))
	);
}

const nameOf = (entry: unknown): unknown => (isObject(entry) ? entry['name'] : undefined);

const containersOf = ({ containers }: Json): Json[] =>
	Array.isArray(containers) && containers.every(isObject) ? containers : [];
