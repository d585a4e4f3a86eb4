/**
 * Sessions must be shared before more than one replica can serve them.
 * Reads: replicas, backendReplicas, sessionAffinity, sessionStorage.provider.
 * Allows: everything; it warns.
 */
import type { Server, SessionStorage } from '../toolhive/types.ts';
import type { Condition } from './condition.ts';
import type { Rule } from './finding.ts';

/** The Redis a server asks for, undefined when it asks for none. The one place that says what "provider is redis" means. */
export function redisOf(server: Server): SessionStorage | undefined {
	const storage = server.spec.sessionStorage;
	return storage?.provider === 'redis' ? storage : undefined;
}

const isSplit = (count: number | undefined): boolean => (count ?? 0) > 1;

export const sessionStorageMissing: Rule = ({ server }) =>
	isSplit(server.spec.replicas) && redisOf(server) === undefined
		? {
				id: 'session-storage-missing',
				field: 'spec.sessionStorage',
				message: 'replicas > 1 without redis: replicas do not share sessions',
			}
		: undefined;

export const backendSessionStorageMissing: Rule = ({ server }) =>
	isSplit(server.spec.backendReplicas) && redisOf(server) === undefined
		? {
				id: 'backend-session-storage-missing',
				field: 'spec.sessionStorage',
				message: 'backendReplicas > 1 without redis: sessions lose their backend',
			}
		: undefined;

export const sessionAffinityNoneWithoutRedis: Rule = ({ server }) =>
	isSplit(server.spec.replicas) && server.spec.sessionAffinity === 'None' && redisOf(server) === undefined
		? {
				id: 'session-affinity-none-without-redis',
				field: 'spec.sessionAffinity',
				message: 'None needs redis when replicas > 1, or sessions break',
			}
		: undefined;

/** `SessionStorageWarning`. Never blocks anything. */
export function sessionStorageWarning(server: Server): Condition {
	const type = 'SessionStorageWarning';
	if (!isSplit(server.spec.replicas)) {
		return {
			type,
			status: 'False',
			reason: 'SessionStorageWarningNotApplicable',
			message: 'session storage warning is not active',
			isOnlyIfPresent: true,
		};
	}
	return redisOf(server) === undefined
		? {
				type,
				status: 'True',
				reason: 'SessionStorageMissingForReplicas',
				message: 'replicas > 1 but sessionStorage.provider is not redis; sessions are not shared across replicas',
			}
		: { type, status: 'False', reason: 'SessionStorageConfigured', message: 'Redis session storage is configured' };
}
