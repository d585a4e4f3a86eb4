/**
 * Decides the replica count of a proxy Deployment: when it changes, and which client owns it afterwards. No other code
 * decides a count.
 * - A new Deployment starts with the server's `replicas`, or else with the count that was sent.
 * - A later value of `replicas` is written to the Deployment once. After that the count belongs to any client that
 * scales the Deployment: a person, an HPA, KEDA. The annotation `applied-replicas` is the value that was written last.
 * - A stdio server never has more than 1, and 0 stays 0.
 */
import type { Server } from '../api/types.ts';
import { cap, isCapped } from './stdio-cap.ts';

/**
 * The event to decide for. A count is undefined if the Deployment has none; `applied` is the annotation of the
 * Deployment.
 */
export type ReplicasInput =
	/** A Deployment is created with `sent` replicas. */
	| { readonly operation: 'create'; readonly sent: number | undefined }
	/** A Deployment is updated to `sent` replicas; `appliedBefore` is the annotation of the stored object. */
	| {
			readonly operation: 'update';
			readonly sent: number | undefined;
			readonly applied: string | undefined;
			readonly appliedBefore: string | undefined;
	  }
	/** A Scale is updated to `sent` replicas. */
	| { readonly operation: 'scale'; readonly sent: number }
	/** A Deployment has `live` replicas, which may be too many for a stdio server. */
	| { readonly operation: 'live'; readonly live: number | undefined; readonly applied: string | undefined }
	| PendingInput;

/** A Deployment has `live` replicas, and the server's `replicas` may be pending. */
interface PendingInput {
	readonly operation: 'apply';
	readonly live: number | undefined;
	readonly applied: string | undefined;
	/** The server's `appliedReplicas` when the Deployment was last seen with that count. */
	readonly seenApplied?: string | undefined;
}

export interface DesiredReplicas {
	/** The count to write. If it is undefined, the current count is kept. */
	readonly replicas?: number;
	/** The annotation to write, or null to remove it. Undefined keeps the annotation. */
	readonly appliedReplicas?: string | null;
}

const UNCHANGED: DesiredReplicas = {};

export function desiredReplicas(server: Server, input: ReplicasInput): DesiredReplicas {
	switch (input.operation) {
		case 'create':
			return onCreate(server, input.sent);
		case 'update': {
			// An operator's typed PUT drops the annotation. Without the annotation, the live count would look as if it were
			// never applied.
			const isDropped = input.applied === undefined && server.spec.replicas !== undefined;
			const restored = isDropped ? input.appliedBefore : undefined;
			const capped = toCap(server, input.sent, input.applied ?? restored);
			return restored === undefined ? capped : { appliedReplicas: restored, ...capped };
		}
		case 'scale':
			return toCap(server, input.sent, undefined);
		case 'live': {
			const isStale = server.spec.replicas === undefined && input.applied !== undefined;
			const capped = toCap(server, input.live, input.applied);
			return isStale ? { ...capped, appliedReplicas: null } : capped;
		}
		case 'apply':
			return pending(server, input);
	}
}

/**
 * Returns the annotation of a Deployment to which the server's `replicas` were applied, or undefined without
 * `replicas`. For a stdio server it is the capped count: the remaining replicas stay pending until the server is no
 * longer stdio.
 */
export function appliedReplicas(server: Server): string | undefined {
	const { replicas } = server.spec;
	return replicas === undefined ? undefined : String(cap(server, replicas));
}

function onCreate(server: Server, sent: number | undefined): DesiredReplicas {
	const requested = server.spec.replicas ?? sent;
	if (requested === undefined) return UNCHANGED;
	const replicas = cap(server, requested);
	if (replicas === sent) return UNCHANGED;
	const applied = appliedReplicas(server);
	return applied === undefined ? { replicas } : { replicas, appliedReplicas: applied };
}

/** Also limits the annotation: the remaining replicas are pending once the server is no longer stdio. */
function toCap(server: Server, count: number | undefined, applied: string | undefined): DesiredReplicas {
	const appliedCount = Number(applied ?? 0);
	return {
		...(count !== undefined && isCapped(server, count) && { replicas: cap(server, count) }),
		...(isCapped(server, appliedCount) && { appliedReplicas: String(cap(server, appliedCount)) }),
	};
}

function pending(server: Server, { live = 1, applied, seenApplied }: PendingInput): DesiredReplicas {
	const desired = appliedReplicas(server);
	if (desired === undefined || desired === (applied ?? String(live))) return UNCHANGED;
	// Another client has scaled the Deployment since. The next leader has not seen that change, so the annotation records
	// it.
	if (applied === undefined && desired === seenApplied) return { appliedReplicas: desired };
	return { replicas: Number(desired), appliedReplicas: desired };
}
