/**
 * A count has one owner: the server's `replicas` and `backendReplicas`, or an autoscaler of the workload.
 * Reads: replicas, backendReplicas, transport, and the autoscalers that target the server's name.
 * Allows: everything; it warns.
 */
import type { Autoscaler, Server } from '../api/types.ts';
import type { Check, ClusterContext } from './finding.ts';

export const autoscaledAndPinned: Check = ({ server: { spec }, surroundings }) => {
	const autoscaler = autoscalerOfProxy(surroundings);
	if (autoscaler === undefined || spec.replicas === undefined) return undefined;
	return {
		field: 'spec.replicas',
		message: `remove it: the count belongs to ${autoscalerName(autoscaler)}`,
	};
};

export const stdioAutoscaled: Check = ({ server: { spec }, surroundings }) => {
	const autoscaler = autoscalerOfProxy(surroundings);
	if (autoscaler === undefined || !spec.stdio) return undefined;
	return {
		field: 'spec.transport',
		message: `stdio stays at 1 replica; delete ${autoscalerName(autoscaler)}`,
	};
};

export const backendAutoscaledAndPinned: Check = ({ server: { spec }, surroundings: { autoscalers = [] } }) => {
	const autoscaler = autoscalers.find(({ targetKind }) => targetKind === 'StatefulSet');
	if (autoscaler === undefined || spec.backendReplicas === undefined) return undefined;
	return {
		field: 'spec.backendReplicas',
		message: `conflicts with ${autoscalerName(autoscaler)}`,
	};
};

export const autoscalerTargetInvalid: Check = ({ server: { kind }, surroundings: { autoscalers = [] } }) => {
	const autoscaler = autoscalers.find(({ targetKind }) => targetKind === kind);
	if (autoscaler === undefined) return undefined;
	return {
		field: 'metadata.name',
		message: `target the Deployment in ${autoscalerName(autoscaler)}`,
	};
};

const isOfProxy = ({ targetKind }: Autoscaler): boolean => targetKind === 'Deployment';

const autoscalerOfProxy = ({ autoscalers = [] }: ClusterContext): Autoscaler | undefined => autoscalers.find(isOfProxy);

/**
 * The one that may run more than one proxy, so that replicas have to share sessions. A stdio Deployment is held at 1, whatever its
 * autoscaler asks for, and `stdio-autoscaled` reports it.
 */
export const splittingAutoscaler = (server: Server, { autoscalers = [] }: ClusterContext): Autoscaler | undefined =>
	server.spec.stdio ? undefined : autoscalers.find((one) => isOfProxy(one) && (one.maxReplicas ?? 0) > 1);

/** `HorizontalPodAutoscaler search` */
export const autoscalerName = ({ kind, name }: Autoscaler): string => `${kind} ${name}`;
