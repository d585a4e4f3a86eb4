/**
 * A stdio server is one process with one pipe: it runs exactly once, or not at all.
 * Reads: transport, replicas, backendReplicas.
 * Allows: 0 and 1; the count asked for in `spec` is left to be seen.
 */
import { CONDITION, CONDITION_REASON } from '../api/names.ts';
import type { Server } from '../api/types.ts';
import type { Condition } from './condition.ts';
import type { Check, Text } from './finding.ts';

const MOST_REPLICAS = 1;

/** The count a Deployment of this server may have when `count` is asked for. */
export function cap(server: Server, count: number): number {
	return server.spec.stdio ? Math.min(count, MOST_REPLICAS) : count;
}

export const stdioReplicasCapped: Check = ({ server: { spec } }) =>
	spec.stdio && (spec.replicas ?? 0) > MOST_REPLICAS
		? {
				field: 'spec.replicas',
				message: `stdio runs exactly 1 replica; the Deployment gets 1, not ${spec.replicas}`,
			}
		: undefined;

/** For a count that is written to the Deployment or its Scale. */
export const heldAtCap = (server: Server, asked: number): Text | undefined =>
	cap(server, asked) === asked
		? undefined
		: {
				field: 'spec.replicas',
				message: `${server.kind} ${server.name} is stdio: held at ${cap(server, asked)}, not ${asked}`,
			};

export const stdioBackendReplicas: Check = ({ server: { spec } }) =>
	spec.stdio && (spec.backendReplicas ?? 0) > MOST_REPLICAS
		? {
				field: 'spec.backendReplicas',
				message: 'a stdio proxy attaches to one backend; more of them stay idle',
			}
		: undefined;

/** `StdioReplicaCapped`; undefined for kinds that cannot be stdio. */
export function stdioReplicaCapped({ kind, spec }: Server): Condition | undefined {
	if (kind !== 'MCPServer') return undefined;
	return spec.stdio && (spec.replicas ?? 0) > MOST_REPLICAS
		? {
				type: CONDITION.capped,
				status: 'True',
				reason: CONDITION_REASON.capped,
				message: 'stdio transport requires exactly 1 replica; deployment will use 1 regardless of spec.replicas',
			}
		: {
				type: CONDITION.capped,
				status: 'False',
				reason: 'StdioReplicaCapNotActive',
				message: 'stdio replica cap is not active',
				isOnlyIfPresent: true,
			};
}
