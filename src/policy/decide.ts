/** The whole product on one screen: what a server should have, and what there is to say about it. */
import type { EnvVar, Server } from '../toolhive/types.ts';
import {
	autoscaledAndPinned,
	autoscalerTargetInvalid,
	backendAutoscaledAndPinned,
	stdioAutoscaled,
} from './autoscaler.ts';
import { backendReplicasLowered, backendSessionsNotPinned, backendStillRunning } from './backend-replicas.ts';
import type { Condition } from './condition.ts';
import type { Finding, Rule, Subject } from './finding.ts';
import { withoutIgnored } from './ignore.ts';
import { imageTooOld } from './image-age.ts';
import { sharedKeySpace } from './key-space.ts';
import { passwordEnvOf, passwordWithoutRedis, redisWithoutPassword } from './redis-password.ts';
import { redisTlsUnsupported } from './redis-tls.ts';
import { runConfigRestartMissing } from './restart.ts';
import { RUN_CONFIG_UNREADABLE, type RunConfigFields, runConfigOf } from './run-config.ts';
import {
	backendSessionStorageMissing,
	configSessionStorageIgnored,
	sessionAffinityNoneWithoutRedis,
	sessionStorageMissing,
	sessionStorageWarning,
} from './session-storage.ts';
import { cap, stdioBackendReplicas, stdioReplicaCapped, stdioReplicasCapped } from './stdio-cap.ts';

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

/** Every warning, in the order in which they are told. */
export const WARNINGS: Readonly<Record<string, Rule>> = {
	'stdio-replicas-capped': stdioReplicasCapped,
	'session-storage-missing': sessionStorageMissing,
	'backend-session-storage-missing': backendSessionStorageMissing,
	'stdio-backend-replicas': stdioBackendReplicas,
	'backend-replicas-lowered': backendReplicasLowered,
	'backend-still-running': backendStillRunning,
	'session-affinity-none-without-redis': sessionAffinityNoneWithoutRedis,
	'password-without-redis': passwordWithoutRedis,
	'redis-without-password': redisWithoutPassword,
	'shared-key-space': sharedKeySpace,
	'autoscaled-and-pinned': autoscaledAndPinned,
	'stdio-autoscaled': stdioAutoscaled,
	'backend-autoscaled-and-pinned': backendAutoscaledAndPinned,
	'autoscaler-target-invalid': autoscalerTargetInvalid,
	'backend-sessions-not-pinned': backendSessionsNotPinned,
	'config-session-storage-ignored': configSessionStorageIgnored,
	'redis-tls-unsupported': redisTlsUnsupported,
	'image-too-old': imageTooOld,
	'run-config-restart-missing': runConfigRestartMissing,
};

/** What the annotation may name: these, and the one that only a written ConfigMap can give. */
export const WARNING_IDS: ReadonlySet<string> = new Set([...Object.keys(WARNINGS), RUN_CONFIG_UNREADABLE]);

/** What there is to warn about, without what the server's owner silenced. */
export function findingsOf(subject: Subject): Finding[] {
	const findings: Finding[] = [];
	for (const rule of Object.values(WARNINGS)) {
		const finding = rule(subject);
		if (finding !== undefined) findings.push(finding);
	}
	return withoutIgnored(findings, subject.server, WARNING_IDS);
}

/** The same for findings made elsewhere, such as while writing a ConfigMap. */
export const notIgnored = (findings: readonly Finding[], server: Server): Finding[] =>
	findings.filter((finding) => !server.ignore.includes(finding.id));
