/** What a server should have: the one decision that webhook, reconciler and `review` apply. */
import type { EnvVar, Server } from '../toolhive/types.ts';
import type { Condition } from './condition.ts';
import { passwordEnvOf } from './redis-password.ts';
import { type RunConfigFields, runConfigOf } from './run-config.ts';
import { sessionStorageWarning } from './session-storage.ts';
import { cap, stdioReplicaCapped } from './stdio-cap.ts';

export interface Decision {
	/** Count a new proxy Deployment starts with. Undefined: whatever its creator sent. */
	readonly replicas?: number;
	readonly runConfig: RunConfigFields;
	/** The password variable of the proxy container. Holds a reference, never a password. */
	readonly passwordEnv?: EnvVar;
	readonly conditions: readonly Condition[];
}

export function decide(server: Server): Decision {
	const { replicas } = server.spec;
	const passwordEnv = passwordEnvOf(server);
	const capped = stdioReplicaCapped(server);
	return {
		...(replicas !== undefined && { replicas: cap(server, replicas) }),
		runConfig: runConfigOf(server),
		...(passwordEnv !== undefined && { passwordEnv }),
		conditions: [...(capped === undefined ? [] : [capped]), sessionStorageWarning(server)],
	};
}
