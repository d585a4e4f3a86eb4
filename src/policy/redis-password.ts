/**
 * Passes the Redis password to a proxy as an environment variable that refers to a Secret. The product never reads the
 * value.
 */
import { PASSWORD_ENV } from '../api/names.ts';
import type { EnvVar, Server } from '../api/types.ts';
import type { Check } from './finding.ts';
import { redisOf } from './session-storage.ts';

/** Returns the variable of the proxy container, or undefined without Redis or without a password. */
export function passwordEnvOf(server: Server): EnvVar | undefined {
	const reference = redisOf(server)?.passwordRef;
	if (reference === undefined) return undefined;
	return { name: PASSWORD_ENV, valueFrom: { secretKeyRef: { name: reference.name, key: reference.key } } };
}

export const passwordWithoutRedis: Check = ({ server }) =>
	server.spec.sessionStorage?.passwordRef !== undefined && redisOf(server) === undefined
		? { field: 'spec.sessionStorage.passwordRef', message: 'not used: only provider redis uses a password' }
		: undefined;

export const redisWithoutPassword: Check = ({ server }) => {
	const redis = redisOf(server);
	if (redis === undefined || redis.passwordRef !== undefined) return undefined;
	return {
		field: 'spec.sessionStorage',
		message: 'no passwordRef: any client that reaches this Redis can read the sessions',
	};
};
