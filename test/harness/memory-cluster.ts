/** An in-memory cluster with a list of objects, which it reads as `review` reads its input. */
import type { Cluster } from '../../src/admission/cluster.ts';
import type { Json } from '../../src/api/types.ts';
import { createManifestCluster } from '../../src/offline/manifest-cluster.ts';

export interface Recorded extends Cluster {
	/** The look-ups in order, as `kind/name`. */
	readonly asked: string[];
}

/** References match objects by kind, namespace and name, and by uid if both have a uid. */
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
