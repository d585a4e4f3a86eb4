/**
 * The Redis password reaches a proxy as an environment variable that refers to a Secret; its value is never seen here.
 * Reads: sessionStorage.provider, sessionStorage.passwordRef.
 * Allows: a reference, and only together with redis.
 */
import { PASSWORD_ENV } from '../api/names.ts';
import type { EnvVar, Server } from '../api/types.ts';
import type { Check } from './finding.ts';
import { redisOf } from './session-storage.ts';

/** The variable for the proxy container, undefined where none is due. */
export function passwordEnvOf(server: Server): EnvVar | undefined {
	const reference = redisOf(server)?.passwordRef;
	if (reference === undefined) return undefined;
	return { name: PASSWORD_ENV, valueFrom: { secretKeyRef: { name: reference.name, key: reference.key } } };
}

export const passwordWithoutRedis: Check = ({ server }) =>
	server.spec.sessionStorage?.passwordRef !== undefined && redisOf(server) === undefined
		? {
				field: 'spec.sessionStorage.passwordRef',
				message: 'not used: only provider redis takes a password',
			}
		: undefined;

export const redisWithoutPassword: Check = ({ server }) => {
	const redis = redisOf(server);
	if (redis === undefined || redis.passwordRef !== undefined) return undefined;
	return {
		field: 'spec.sessionStorage',
		message: 'no passwordRef: whoever reaches this Redis reads the sessions',
	};
};
