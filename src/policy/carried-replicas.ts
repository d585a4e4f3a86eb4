/**
 * A `replicas` that was set later reaches the Deployment once; from then on whoever scales the Deployment owns the count.
 * Reads: the server's replicas, the Deployment's live count, and what was applied last (`applied-replicas`).
 * Allows: any live count, once the wish has been carried.
 */
import type { Server } from '../toolhive/types.ts';
import { cap } from './stdio-cap.ts';

/** Count to write for `server`, undefined where nothing is owed. Without a note of ours the live count tells. */
export function owedReplicas(server: Server, live: number, applied: string | undefined): number | undefined {
	const { replicas } = server.spec;
	if (replicas === undefined) return undefined;
	const wanted = cap(server, replicas);
	const isCarried = applied === undefined ? live === wanted : applied === String(replicas);
	return isCarried ? undefined : wanted;
}
