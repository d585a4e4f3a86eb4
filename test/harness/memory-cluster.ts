/** An in-memory cluster with a list of objects, which it reads as `review` reads its input. */
import type { Cluster } from '../../src/admission/cluster.ts';
import type { Json } from '../../src/api/types.ts';
import { createManifestCluster } from '../../src/offline/manifest-cluster.ts';

/** References match objects by kind, namespace and name, and by uid if both have a uid. */
export function clusterOf(objects: readonly Json[]): Cluster {
	const input = createManifestCluster('default', undefined);
	for (const [index, object] of objects.entries()) input.add(object, '', index);
	return input.from('');
}
