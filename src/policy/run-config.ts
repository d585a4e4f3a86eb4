/** The scaling part of a proxy's configuration, which never contains a password, or the name or key of a Secret. */
import { KINDS } from '../api/names.ts';
import type { Server } from '../api/types.ts';
import type { ConfigSubject, Text } from './finding.ts';
import { wantsTls } from './redis-tls.ts';
import { redisOf } from './session-storage.ts';

/** A configuration that cannot be parsed is not changed. */
export function configUnreadable({ server: { kind }, isReadable }: ConfigSubject): Text | undefined {
	if (isReadable) return undefined;
	const form = kind === 'VirtualMCPServer' ? 'not a YAML mapping' : 'not a JSON object';
	return { field: `data[${KINDS[kind].configKey}]`, message: `${form}, or too large; scaling settings were not added` };
}

/**
 * The Redis section with the field names of the server. `objects/run-config-json.ts` and `vmcp-config-yaml.ts` use the
 * names of the files.
 */
export interface RedisFields {
	readonly address: string;
	readonly db?: number;
	readonly keyPrefix?: string;
}

/** The fields of the RunConfig. An unset field is omitted; 0 is written. */
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
