/** Caps stdio servers. A stdio server is one process with one pipe, so its proxy has at most 1 replica. */
import { CONDITION, CONDITION_REASON } from '../api/names.ts';
import type { Server } from '../api/types.ts';
import type { Check, Condition, Text } from './finding.ts';

const MOST_REPLICAS = 1;

/** Returns `count`, or the maximum for a Deployment of this server. */
export const cap = ({ spec }: Server, count: number): number => (spec.stdio ? Math.min(count, MOST_REPLICAS) : count);

/** Whether `count` is above that maximum. NaN is not. */
export const isCapped = (server: Server, count = 0): boolean => cap(server, count) < count;

export const stdioReplicasCapped: Check = ({ server }) =>
	isCapped(server, server.spec.replicas)
		? {
				field: 'spec.replicas',
				message: `stdio runs exactly 1 replica; the Deployment gets 1, not ${server.spec.replicas}`,
			}
		: undefined;

/** Warns about a count that is written to the Deployment or its Scale. */
export const heldAtCap = (server: Server, requested: number): Text | undefined =>
	isCapped(server, requested)
		? {
				field: 'spec.replicas',
				message: `${server.kind} ${server.name} is stdio: replicas are limited to ${cap(server, requested)}, not ${requested}`,
			}
		: undefined;

export const stdioBackendReplicas: Check = ({ server }) =>
	isCapped(server, server.spec.backendReplicas)
		? { field: 'spec.backendReplicas', message: 'a stdio proxy uses one backend pod; the others stay idle' }
		: undefined;

/** Returns the condition `StdioReplicaCapped`, or undefined for kinds that cannot be stdio. */
export function stdioReplicaCapped(server: Server): Condition | undefined {
	if (server.kind !== 'MCPServer') return undefined;
	const type = CONDITION.capped;
	if (!isCapped(server, server.spec.replicas)) {
		const reason = 'StdioReplicaCapNotActive';
		return { type, status: 'False', reason, message: 'stdio replica cap is not active', isOnlyIfPresent: true };
	}
	const message = 'stdio transport requires exactly 1 replica; deployment will use 1 regardless of spec.replicas';
	return { type, status: 'True', reason: CONDITION_REASON.capped, message };
}
