/** The cluster as the admission code sees it. */

import type { ProxyDeployment, Server, ServerRef } from '../api/types.ts';
import type { ClusterContext } from '../policy/finding.ts';

type Answered<T> = T | undefined | Promise<T | undefined>;

export interface Cluster {
	/**
	 * Returns the server with that name and, if `ref` has a uid, that uid. A cache miss may cost one GET. Rejects with
	 * TooManyLookups if too many look-ups are waiting.
	 */
	readonly findServer: (ref: ServerRef, signal: AbortSignal) => Answered<Server>;
	/** Returns the proxy Deployment with that name. A cache miss may cost one GET. */
	readonly findDeployment: (namespace: string, name: string, signal: AbortSignal) => Answered<ProxyDeployment>;
	/** Returns what the caches know about the cluster around a server; makes no API call. */
	readonly clusterContextOf: (server: Server) => ClusterContext;
}
