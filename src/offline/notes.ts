/** Reports the assumptions of `review` about an object that is missing from the input or occurs more than once. */
import type { Request } from '../admission/review.ts';
import type { Server, ServerRef } from '../api/types.ts';
import { configMapSuffixOf } from '../objects/config-map.ts';
import { ownersOf } from '../objects/metadata.ts';
import { podServerRef } from '../objects/pod.ts';
import type { ManifestCluster, Place } from './manifest-cluster.ts';

export function notesOnName(server: Server, cluster: ManifestCluster, file: string, line: number): string[] {
	const others = cluster.placesOf(server).filter((place) => place.file !== file || place.line !== line);
	if (others.length === 0) return [];
	return [`${nameOf(server)} is also in ${placesText(others)}; kubectl apply keeps the last of them`];
}

export function notesOnOwner(
	{ resource, object = {}, namespace, name }: Request,
	cluster: ManifestCluster,
	file: string,
): string[] {
	const known = (refs: readonly ServerRef[]): string[] => {
		const places = refs.flatMap(cluster.placesOf);
		const owner = `its owner ${refs.map(nameOf).join(', ')} is`;
		if (refs.length > 0 && places.length === 0)
			return [`${owner} not in the input, so it is treated as unrelated to ToolHive`];
		if (places.length < 2 || places.some((place) => place.file === file)) return [];
		return [`${owner} in ${placesText(places)}; the first one is used`];
	};
	switch (resource) {
		case 'apps/deployments':
			return known(ownersOf(object, namespace));
		case '/configmaps':
			return known(ownersOf(object, namespace, configMapSuffixOf));
		case '/pods':
			return known([podServerRef(object, namespace) ?? []].flat());
		case 'apps/deployments/scale': {
			const deployment = cluster.deploymentNamed(file, namespace, name);
			return deployment === undefined
				? [`Deployment ${namespace}/${name} is not in the input, so its server is unknown`]
				: known(deployment.owners);
		}
		default:
			return [];
	}
}

const nameOf = ({ kind, namespace, name, uid }: ServerRef): string =>
	`${kind} ${namespace}/${name}${uid ? ` with uid ${uid}` : ''}`;

const MOST_PLACES = 3;

function placesText(places: readonly Place[]): string {
	const named = places.slice(0, MOST_PLACES).map(({ file, line }) => `${file}:${line}`);
	const more = places.length - named.length;
	return named.join(', ') + (more > 0 ? ` and ${more} more` : '');
}
