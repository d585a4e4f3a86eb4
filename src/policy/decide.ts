/**
 * Decides what a server should have, except for its replica count (replicas.ts). The webhooks, the reconciler and
 * `review` apply the decision.
 */
import type { EnvVar, Server } from '../api/types.ts';
import type { Condition } from './finding.ts';
import { passwordEnvOf } from './redis-password.ts';
import { type RunConfigFields, runConfigOf } from './run-config.ts';
import { sessionStorageWarning } from './session-storage.ts';
import { stdioReplicaCapped } from './stdio-cap.ts';

export interface Decision {
	readonly runConfig: RunConfigFields;
	/** The password variable of the proxy container, which contains a reference to a Secret and never a password. */
	readonly passwordEnv?: EnvVar;
	readonly conditions: readonly Condition[];
}

export function decide(server: Server): Decision {
	const passwordEnv = passwordEnvOf(server);
	const capped = stdioReplicaCapped(server);
	return {
		runConfig: runConfigOf(server),
		...(passwordEnv !== undefined && { passwordEnv }),
		conditions: [...(capped === undefined ? [] : [capped]), sessionStorageWarning(server)],
	};
}
