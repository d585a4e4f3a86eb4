/**
 * What a proxy's configuration must say about scaling.
 * Reads: backendReplicas, sessionStorage.
 * Allows: no password, no Secret name and no Secret key in it, ever.
 * Shape: `backend_replicas`, `session_redis{address,db,key_prefix}` (ToolHive pkg/runner); unset stays out, 0 goes in.
 */
import { KINDS } from '../api/names.ts';
import type { Server } from '../api/types.ts';
import type { ConfigSubject, Text } from './finding.ts';
import { wantsTls } from './redis-tls.ts';
import { redisOf } from './session-storage.ts';

/** A configuration that cannot be read is left alone. */
export function configUnreadable({ server: { kind }, isReadable }: ConfigSubject): Text | undefined {
	if (isReadable) return undefined;
	const form = kind === 'VirtualMCPServer' ? 'no YAML mapping' : 'no JSON object';
	return { field: `data[${KINDS[kind].configKey}]`, message: `${form}, or too long; left without scaling` };
}

/** The Redis section, in the server's own terms; `objects/config-map.ts` knows how each file spells them. */
export interface RedisFields {
	readonly address: string;
	readonly db?: number;
	readonly keyPrefix?: string;
}

export interface RunConfigFields {
	readonly backendReplicas?: number;
	readonly redis?: RedisFields;
}

export function runConfigOf(server: Server): RunConfigFields {
	const redis = wantsTls(server) ? undefined : redisOf(server);
	const { backendReplicas } = server.spec;
	return {
		...(backendReplicas !== undefined && { backendReplicas }),
		...(redis !== undefined && {
			redis: {
				address: redis.address ?? '',
				...(redis.db !== undefined && { db: redis.db }),
				...(redis.keyPrefix !== undefined && { keyPrefix: redis.keyPrefix }),
			},
		}),
	};
}
