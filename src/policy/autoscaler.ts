/**
 * A count has one owner: the server's `replicas`, or a HorizontalPodAutoscaler.
 * Reads: replicas, transport, and whether an autoscaler targets the proxy Deployment.
 * Allows: everything; it warns.
 */
import type { Rule } from './finding.ts';

export const autoscaledAndPinned: Rule = ({ server: { spec }, surroundings: { autoscaler } }) =>
	autoscaler !== undefined && spec.replicas !== undefined
		? {
				id: 'autoscaled-and-pinned',
				field: 'spec.replicas',
				message: `remove it: the count belongs to HorizontalPodAutoscaler ${autoscaler.name}`,
			}
		: undefined;

export const stdioAutoscaled: Rule = ({ server: { spec }, surroundings: { autoscaler } }) =>
	autoscaler !== undefined && spec.stdio
		? {
				id: 'stdio-autoscaled',
				field: 'spec.transport',
				message: `stdio stays at 1 replica; delete HorizontalPodAutoscaler ${autoscaler.name}`,
			}
		: undefined;
