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
	const isCarried = applied === undefined ? live === wanted : applied === String(wanted);
	return isCarried ? undefined : wanted;
}

/** The note of that, undefined where there is no wish. Of a stdio server it is the cap: the rest was never carried, and is owed when it is stdio no longer. */
export const appliedNote = (server: Server): string | undefined =>
	server.spec.replicas === undefined ? undefined : String(cap(server, server.spec.replicas));
