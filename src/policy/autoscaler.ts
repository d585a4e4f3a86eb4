/** Warns about autoscalers that change a replica count which the server's `replicas` or `backendReplicas` also sets. */
import type { Autoscaler, Server } from '../api/types.ts';
import type { Check, ClusterContext } from './finding.ts';

export const autoscaledAndPinned: Check = ({ server: { spec }, clusterContext }) => {
	const autoscaler = autoscalerFor('Deployment', clusterContext);
	if (autoscaler === undefined || spec.replicas === undefined) return undefined;
	return { field: 'spec.replicas', message: `conflicts with ${autoscalerName(autoscaler)}; remove spec.replicas` };
};

export const stdioAutoscaled: Check = ({ server: { spec }, clusterContext }) => {
	const autoscaler = autoscalerFor('Deployment', clusterContext);
	if (autoscaler === undefined || !spec.stdio) return undefined;
	return { field: 'spec.transport', message: `stdio stays at 1 replica; delete ${autoscalerName(autoscaler)}` };
};

export const backendAutoscaledAndPinned: Check = ({ server: { spec }, clusterContext }) => {
	const autoscaler = autoscalerFor('StatefulSet', clusterContext);
	if (autoscaler === undefined || spec.backendReplicas === undefined) return undefined;
	return { field: 'spec.backendReplicas', message: `conflicts with ${autoscalerName(autoscaler)}` };
};

export const autoscalerTargetInvalid: Check = ({ server: { kind }, clusterContext }) => {
	const autoscaler = autoscalerFor(kind, clusterContext);
	if (autoscaler === undefined) return undefined;
	return { field: 'metadata.name', message: `${autoscalerName(autoscaler)} must target the Deployment` };
};

const autoscalerFor = (kind: Autoscaler['targetKind'], { autoscalers = [] }: ClusterContext): Autoscaler | undefined =>
	autoscalers.find(({ targetKind }) => targetKind === kind);

/**
 * Returns the autoscaler that may run several proxies, so that replicas must share sessions. A stdio Deployment is
 * capped at 1.
 */
export const splittingAutoscaler = (server: Server, { autoscalers = [] }: ClusterContext): Autoscaler | undefined =>
	server.spec.stdio
		? undefined
		: autoscalers.find(({ targetKind, maxReplicas = 0 }) => targetKind === 'Deployment' && maxReplicas > 1);

/** Returns text such as `HorizontalPodAutoscaler search`. */
export const autoscalerName = ({ kind, name }: Autoscaler): string => `${kind} ${name}`;
