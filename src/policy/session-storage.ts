/**
 * Warns about replicas without shared sessions: several replicas can serve the same sessions only if they share them.
 */
import { CONDITION, CONDITION_REASON } from '../api/names.ts';
import { isObject, type Json, type Server, type SessionStorage } from '../api/types.ts';
import { autoscalerName, splittingAutoscaler } from './autoscaler.ts';
import type { Check, Condition, FieldProblem } from './finding.ts';

/** Returns the Redis of a server, or undefined with another provider. */
export function redisOf(server: Server): SessionStorage | undefined {
	const storage = server.spec.sessionStorage;
	return storage?.provider === 'redis' ? storage : undefined;
}

/** Returns the Redis of a spec as it was sent, with a sessionStorage of any shape. */
export function redisIn(spec: unknown): Json | undefined {
	const storage = isObject(spec) ? spec['sessionStorage'] : undefined;
	return isObject(storage) && storage['provider'] === 'redis' ? storage : undefined;
}

/** Returns a problem with `field`. Allows an update that changes neither `field` nor the provider. */
export const redisProblem = (field: 'address' | 'keyPrefix', message: string): FieldProblem => ({
	field: `spec.sessionStorage.${field}`,
	message,
	parts: [
		['sessionStorage', field],
		['sessionStorage', 'provider'],
	],
});

const isSplit = (count: number | undefined): boolean => (count ?? 0) > 1;

export const sessionStorageMissing: Check = ({ server, clusterContext }) => {
	if (redisOf(server) !== undefined) return undefined;
	const field = 'spec.sessionStorage';
	if (isSplit(server.spec.replicas)) {
		return { field, message: 'replicas > 1 without redis: replicas do not share sessions' };
	}
	const autoscaler = splittingAutoscaler(server, clusterContext);
	if (autoscaler === undefined) return undefined;
	return {
		field,
		message: `needs redis, since ${autoscalerName(autoscaler)} may run ${autoscaler.maxReplicas} replicas`,
	};
};

export const backendSessionStorageMissing: Check = ({ server }) =>
	isSplit(server.spec.backendReplicas) && redisOf(server) === undefined
		? { field: 'spec.sessionStorage', message: 'backendReplicas > 1 without redis: sessions lose their backend' }
		: undefined;

export const sessionAffinityNoneWithoutRedis: Check = ({ server, clusterContext }) => {
	if (server.spec.sessionAffinity !== 'None' || redisOf(server) !== undefined) return undefined;
	const field = 'spec.sessionAffinity';
	if (isSplit(server.spec.replicas)) {
		return { field, message: 'None requires redis if replicas > 1, or sessions break' };
	}
	const autoscaler = splittingAutoscaler(server, clusterContext);
	return autoscaler && { field, message: `None requires redis with ${autoscalerName(autoscaler)}` };
};

/** The operator overwrites `spec.config.sessionStorage` with `spec.sessionStorage`, so any other value is lost. */
export const configSessionStorageIgnored: Check = ({ server: { spec } }) =>
	spec.configSessionStorage && spec.sessionStorage === undefined
		? { field: 'spec.config.sessionStorage', message: 'the operator overwrites this field; use spec.sessionStorage' }
		: undefined;

/** Returns the condition `SessionStorageWarning`. */
export function sessionStorageWarning(server: Server): Condition {
	const type = CONDITION.sessionStorage;
	if (!isSplit(server.spec.replicas)) {
		const reason = 'SessionStorageWarningNotApplicable';
		return { type, status: 'False', reason, message: 'session storage warning is not active', isOnlyIfPresent: true };
	}
	if (redisOf(server) !== undefined) {
		const reason = CONDITION_REASON.storageConfigured;
		return { type, status: 'False', reason, message: 'Redis session storage is configured' };
	}
	const message = 'replicas > 1 but sessionStorage.provider is not redis; sessions are not shared across replicas';
	return { type, status: 'True', reason: 'SessionStorageMissingForReplicas', message };
}
