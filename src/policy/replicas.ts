/**
 * The replica count of a proxy Deployment: when it changes, and who owns it afterwards. Nothing else decides a count.
 * - A new Deployment starts with the server's `replicas`; without them, with the count that was sent.
 * - A later value of `replicas` is written to the Deployment once. After that the count belongs to whoever scales the Deployment:
 *   a person, an HPA, KEDA. The annotation `applied-replicas` is the value that was written last.
 * - A stdio server never has more than 1, and 0 stays 0.
 */
import type { Server } from '../api/types.ts';
import { cap } from './stdio-cap.ts';

/** Where a count comes from. Counts are undefined where the Deployment has none; `applied` is the annotation as it is. */
export type ReplicasInput =
	/** A Deployment is created with `sent`. */
	| { readonly operation: 'create'; readonly sent: number | undefined }
	/** A Deployment is updated to `sent`; `appliedBefore` is the annotation of the stored object. */
	| {
			readonly operation: 'update';
			readonly sent: number | undefined;
			readonly applied: string | undefined;
			readonly appliedBefore: string | undefined;
	  }
	/** A Scale is updated to `sent`. */
	| { readonly operation: 'scale'; readonly sent: number }
	/** A Deployment runs with `live`: what has to be corrected at once. */
	| { readonly operation: 'live'; readonly live: number | undefined; readonly applied: string | undefined }
	/** The same: the server's `replicas` that are not applied yet. */
	| { readonly operation: 'apply'; readonly live: number | undefined; readonly applied: string | undefined };

export interface DesiredReplicas {
	/** The count to write. Undefined: the count stays. */
	readonly replicas?: number;
	/** The annotation to write, null to remove it. Undefined: it stays. */
	readonly appliedReplicas?: string | null;
}

const UNCHANGED: DesiredReplicas = {};

export function desiredReplicas(server: Server, input: ReplicasInput): DesiredReplicas {
	switch (input.operation) {
		case 'create':
			return onCreate(server, input.sent);
		case 'update': {
			// An operator's typed PUT drops the annotation; without it the live count would seem not to be applied yet.
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
			return pending(server, input.live ?? 1, input.applied);
	}
}

/**
 * The annotation of a Deployment to which the server's `replicas` were applied, undefined without `replicas`. For a stdio server it is
 * the cap: the rest was never applied, and is pending when the server is no longer stdio.
 */
export function appliedReplicas(server: Server): string | undefined {
	const { replicas } = server.spec;
	return replicas === undefined ? undefined : String(cap(server, replicas));
}

function onCreate(server: Server, sent: number | undefined): DesiredReplicas {
	const asked = server.spec.replicas ?? sent;
	if (asked === undefined) return UNCHANGED;
	const replicas = cap(server, asked);
	return replicas === sent ? UNCHANGED : withApplied(server, replicas);
}

function toCap(server: Server, count: number | undefined, applied: string | undefined): DesiredReplicas {
	if (count === undefined || cap(server, count) === count) return UNCHANGED;
	const replicas = cap(server, count);
	return Number(applied ?? 0) > replicas ? { replicas, appliedReplicas: String(replicas) } : { replicas };
}

function pending(server: Server, live: number, applied: string | undefined): DesiredReplicas {
	const desired = appliedReplicas(server);
	if (desired === undefined) return UNCHANGED;
	const isApplied = applied === undefined ? String(live) === desired : applied === desired;
	return isApplied ? UNCHANGED : withApplied(server, Number(desired));
}

const withApplied = (server: Server, replicas: number): DesiredReplicas => {
	const applied = appliedReplicas(server);
	return applied === undefined ? { replicas } : { replicas, appliedReplicas: applied };
};
