/** The only questions that admission asks a cluster. */

import type { ProxyDeployment, Server, ServerRef } from '../api/types.ts';
import type { ClusterContext } from '../policy/finding.ts';

type Answered<T> = T | undefined | Promise<T | undefined>;

export interface Cluster {
	/**
	 * The server with that name and, where the reference has one, that uid. Answers from memory; a miss may cost one GET,
	 * which ends with `signal`.
	 */
	readonly findServer: (ref: ServerRef, signal: AbortSignal) => Answered<Server>;
	/** The proxy Deployment of that name. As above. */
	readonly findDeployment: (namespace: string, name: string, signal: AbortSignal) => Answered<ProxyDeployment>;
	/** What is remembered around a server. Never asks. */
	readonly surroundingsOf: (server: Server) => ClusterContext;
}
