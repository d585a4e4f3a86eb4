/** A cluster that consists of a list of objects, read as `review` reads its input. */
import type { Cluster } from '../../src/admission/cluster.ts';
import type { Json } from '../../src/api/types.ts';
import { createManifestCluster } from '../../src/offline/manifest-cluster.ts';

export interface Recorded extends Cluster {
	/** The look-ups in order, as `kind/name`. */
	readonly asked: string[];
}

/** Names match by kind, namespace and name, and by uid when both sides have one. */
export function clusterOf(objects: readonly Json[]): Recorded {
	const input = createManifestCluster('default', undefined);
	for (const [index, object] of objects.entries()) input.add(object, '', index);
	const cluster = input.from('');
	const asked: string[] = [];
	return {
		...cluster,
		asked,
		findServer: (ref, signal) => {
			asked.push(`${ref.kind}/${ref.name}`);
			return cluster.findServer(ref, signal);
		},
		findDeployment: (namespace, name, signal) => {
			asked.push(`Deployment/${name}`);
			return cluster.findDeployment(namespace, name, signal);
		},
	};
}
