/**
 * Sessions must be shared before more than one replica can serve them.
 * Reads: replicas, backendReplicas, sessionAffinity, sessionStorage.provider.
 * Allows: everything; it warns.
 */
import type { Server, SessionStorage } from '../toolhive/types.ts';
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
