/** What admission needs to know of a cluster. */

import type { ProxyDeployment, Server, ServerRef } from '../api/types.ts';
import type { ClusterContext } from '../policy/finding.ts';

type Answered<T> = T | undefined | Promise<T | undefined>;

export interface Cluster {
	/**
	 * The server with that name and, if the reference has one, that uid. From a cache; a miss may cost one GET. Rejects with
	 * TooManyLookups at the limit for these.
	 */
	readonly findServer: (ref: ServerRef, signal: AbortSignal) => Answered<Server>;
	/** The proxy Deployment of that name, looked up in the same way. */
	readonly findDeployment: (namespace: string, name: string, signal: AbortSignal) => Answered<ProxyDeployment>;
	/** Only from caches. */
	readonly clusterContextOf: (server: Server) => ClusterContext;
}
