/**
 * All rules of the product, one row each: reasons to deny, then warnings in the order in which they are reported. The
 * message of a finding is in the rule's own file. `thv-scaling review` prints `fix`, and docs/rules.md is generated
 * from this table.
 */
import { IGNORE_ANNOTATION, type Kind } from '../api/names.ts';
import type { Json, Server } from '../api/types.ts';
import { checkAddressEmpty, checkAddressMissing } from './address-rule.ts';
import {
	autoscaledAndPinned,
	autoscalerTargetInvalid,
	backendAutoscaledAndPinned,
	stdioAutoscaled,
} from './autoscaler.ts';
import { backendReplicasLowered, backendSessionsNotPinned, backendStillRunning } from './backend-replicas.ts';
import type { ConfigSubject, Denial, Finding, Rule, Subject, Text, Violation, Warning } from './finding.ts';
import { backendMayRoll, imageRefusesConfig, imageTooOld } from './image-age.ts';
import { checkKeyPrefix } from './key-prefix.ts';
import { sharedKeySpace } from './key-space.ts';
import { checkAddressForm } from './redis-address.ts';
import { passwordWithoutRedis, redisWithoutPassword } from './redis-password.ts';
import { redisTlsNotWritten, redisTlsUnsupported } from './redis-tls.ts';
import { runConfigRestartMissing } from './restart.ts';
import { configUnreadable } from './run-config.ts';
import { checkScalingFields } from './scaling-fields.ts';
import {
	backendSessionStorageMissing,
	configSessionStorageIgnored,
	sessionAffinityNoneWithoutRedis,
	sessionStorageMissing,
} from './session-storage.ts';
import { heldAtCap, stdioBackendReplicas, stdioReplicasCapped } from './stdio-cap.ts';

export const RULES = [
	{
		id: 'scaling-field-invalid',
		severity: 'deny',
		check: checkScalingFields,
		when: 'a scaling field has a wrong type, or a value outside its enum or below its minimum',
		why: 'The proxy cannot read such a value. If the CRD is less strict, no other check reports it.',
		fix: 'check the type with `kubectl explain mcpserver.spec`; substitute variables, write numbers without quotes, and quote texts such as on or 1',
	},
	{
		id: 'redis-address-missing',
		severity: 'deny',
		check: checkAddressMissing,
		when: '`provider: redis` without `address`',
		why: 'Without the Redis address, a proxy does not start.',
		fix: 'set sessionStorage.address to host:port of the Redis server',
	},
	{
		id: 'redis-address-empty',
		severity: 'deny',
		check: checkAddressEmpty,
		when: '`provider: redis` with an empty `address`',
		why: 'The rule in the CRD only checks that the field exists; the proxy would still not start.',
		fix: 'set sessionStorage.address to host:port of the Redis server',
	},
	{
		id: 'redis-address-invalid',
		severity: 'deny',
		check: checkAddressForm,
		when: '`provider: redis` with an `address` that is not `host:port`: with a scheme, without a port, with several addresses',
		why: 'The proxy uses the address unchanged. It fails to start with "missing port in address" or "too many colons in address".',
		fix: 'set sessionStorage.address to one host:port such as redis.demo.svc:6379 or [::1]:6379; the password belongs in passwordRef',
	},
	{
		id: 'redis-key-prefix-invalid',
		severity: 'deny',
		check: checkKeyPrefix,
		when: '`provider: redis` with a `keyPrefix` that is not empty and does not end in `:`',
		why: 'Every proxy that reads Redis refuses to start with such a prefix.',
		fix: 'end keyPrefix with a colon, or remove it',
	},
	{
		id: 'stdio-replicas-capped',
		severity: 'warn',
		onServer: stdioReplicasCapped,
		onScale: heldAtCap,
		when: 'stdio and `replicas` > 1, or a client scales its Deployment',
		why: 'A stdio server is one process with one pipe; a second proxy would have no server to connect to.',
		fix: 'set replicas to 1 or omit it; to scale, the server must use streamable-http or sse',
	},
	{
		id: 'session-storage-missing',
		severity: 'warn',
		onServer: sessionStorageMissing,
		when: 'not redis, and `replicas` > 1 or an autoscaler with `maxReplicas` > 1 targets the proxy Deployment',
		why: 'Each replica keeps sessions in its own memory, so a request that reaches another replica does not find its session.',
		fix: 'set sessionStorage with provider redis and an address, or run at most 1 replica',
	},
	{
		id: 'backend-session-storage-missing',
		severity: 'warn',
		onServer: backendSessionStorageMissing,
		when: '`backendReplicas` > 1 and not redis',
		why: 'Without Redis, the proxy records only in its memory which backend has a session. If the proxy restarts, this record is lost.',
		fix: 'set backendReplicas to 1 or omit it; use more than 1 only for servers without sessions',
	},
	{
		id: 'stdio-backend-replicas',
		severity: 'warn',
		onServer: stdioBackendReplicas,
		when: 'stdio and `backendReplicas` > 1',
		why: 'A stdio proxy attaches to one backend pod. The other backend pods run but are never used.',
		fix: 'set backendReplicas to 1 or omit it',
	},
	{
		id: 'backend-replicas-lowered',
		severity: 'warn',
		onServer: backendReplicasLowered,
		when: 'an update lowers `backendReplicas`, which ends the sessions on the removed backends',
		why: 'A session exists only in the backend that started it and cannot move.',
		fix: 'lower backendReplicas when few sessions are open, or tell users that they have to reconnect',
	},
	{
		id: 'backend-still-running',
		severity: 'warn',
		onServer: backendStillRunning,
		when: '`replicas` is 0, and `backendReplicas` is not 0',
		why: 'Without a proxy, no client can reach the backends, but they still use resources.',
		fix: 'set backendReplicas to 0 as well',
	},
	{
		id: 'session-affinity-none-without-redis',
		severity: 'warn',
		onServer: sessionAffinityNoneWithoutRedis,
		when: '`sessionAffinity: None`, not redis, and `replicas` > 1 or an autoscaler with `maxReplicas` > 1 targets the proxy Deployment',
		why: 'Without affinity, the requests in one session reach different replicas, which do not share the session.',
		fix: 'omit sessionAffinity, or set sessionStorage with provider redis',
	},
	{
		id: 'password-without-redis',
		severity: 'warn',
		onServer: passwordWithoutRedis,
		when: '`passwordRef` is set, and the provider is `memory`',
		why: 'Only Redis uses the password, so the provider is most likely wrong.',
		fix: 'set provider to redis, or remove passwordRef',
	},
	{
		id: 'redis-without-password',
		severity: 'warn',
		onServer: redisWithoutPassword,
		when: 'redis without `passwordRef`',
		why: 'Any client that reaches that Redis can read and take over every session that is stored there.',
		fix: 'put the password into a Secret in this namespace and name it in sessionStorage.passwordRef',
	},
	{
		id: 'shared-key-space',
		severity: 'warn',
		onServer: sharedKeySpace,
		when: 'another server uses the same address, db and explicit key prefix',
		why: 'Two servers with the same keys overwrite each other’s sessions.',
		fix: 'give each server a keyPrefix or db of its own',
	},
	{
		id: 'autoscaled-and-pinned',
		severity: 'warn',
		onServer: autoscaledAndPinned,
		when: '`replicas` is set, and an autoscaler (HorizontalPodAutoscaler, KEDA ScaledObject) targets the proxy Deployment',
		why: 'The webhook or the reconciler writes the count to the Deployment once, and the autoscaler then changes it. The two settings conflict.',
		fix: 'remove replicas and let the autoscaler decide, or delete the autoscaler',
	},
	{
		id: 'stdio-autoscaled',
		severity: 'warn',
		onServer: stdioAutoscaled,
		when: 'an autoscaler targets a stdio server’s Deployment',
		why: 'The Deployment stays at 1 replica, regardless of the autoscaler.',
		fix: 'delete the autoscaler; a stdio server cannot be scaled',
	},
	{
		id: 'backend-autoscaled-and-pinned',
		severity: 'warn',
		onServer: backendAutoscaledAndPinned,
		when: '`backendReplicas` is set, and an autoscaler targets the backend StatefulSet, which has the name of the server',
		why: 'The proxy runner sets the StatefulSet to `backendReplicas` at each start, and the autoscaler changes it again. Each decrease ends sessions.',
		fix: 'delete the autoscaler, because it ends sessions whenever it lowers the count',
	},
	{
		id: 'autoscaler-target-invalid',
		severity: 'warn',
		onServer: autoscalerTargetInvalid,
		when: 'an autoscaler targets the MCPServer, VirtualMCPServer or MCPRemoteProxy itself',
		why: 'These kinds have no scale subresource, so the autoscaler reports an error and scales nothing.',
		fix: 'set apiVersion apps/v1 and kind Deployment in its scaleTargetRef; the Deployment has the same name as the server',
	},
	{
		id: 'backend-sessions-not-pinned',
		severity: 'warn',
		onServer: backendSessionsNotPinned,
		when: '`backendReplicas` > 1 and not stdio',
		why: 'Redis stores the address of the backend Service, not the address of a pod, so a request may reach another backend. The runner initializes a new session in that backend, without the state, and later requests from the official SDK client fail with 404.',
		fix: 'set backendReplicas to 1 or omit it; for a server without sessions, name this id in toolhive-scaling/ignore',
	},
	{
		id: 'config-session-storage-ignored',
		severity: 'warn',
		onServer: configSessionStorageIgnored,
		when: 'a VirtualMCPServer has `spec.config.sessionStorage` and no `spec.sessionStorage`',
		why: 'The operator fills `config.sessionStorage` from `spec.sessionStorage` and drops any other value, so sessions stay in memory.',
		fix: 'move the section to spec.sessionStorage',
	},
	{
		id: 'redis-tls-unsupported',
		severity: 'warn',
		onServer: redisTlsUnsupported,
		onConfig: redisTlsNotWritten,
		when: '`sessionStorage.tls` is set and the operator does not pass it to the proxy',
		why: 'Only the operator can mount the CA certificate. The proxy gets no Redis settings, because it must not connect without TLS.',
		fix: 'use ToolHive v0.55.1 or later, or remove tls; for a review, --server-version names the version in the cluster',
	},
	{
		id: 'image-too-old',
		severity: 'warn',
		onServer: imageTooOld,
		onConfig: imageRefusesConfig,
		when: 'the proxy image is known to be older than the version that a field requires (redis: v0.16.0), or a vMCP image is not known to accept `sessionStorage` (v0.13.1)',
		why: 'An older proxy ignores the field. An older vMCP does not start if the field is set.',
		fix: 'use a newer proxy image; for a review, --server-version names the version in the cluster',
	},
	{
		id: 'run-config-restart-missing',
		severity: 'warn',
		onServer: runConfigRestartMissing,
		when: 'an MCPServer sets `podTemplateMetadataOverrides.annotations`, uses redis or `backendReplicas`, and has a proxy image up to v0.15',
		why: 'Operators up to v0.15 do not add the checksum of the RunConfig to Pods with such annotations, so a changed RunConfig does not restart them.',
		fix: 'upgrade ToolHive to v0.27.0 or later, or remove the annotations; until then run kubectl rollout restart after each change',
	},
	{
		id: 'run-config-unreadable',
		severity: 'warn',
		onConfig: configUnreadable,
		when: 'a RunConfig is not a JSON object, a vMCP config is not a YAML mapping, or either of them is too large; the webhook does not change it',
		why: 'The webhook does not edit a configuration that it cannot parse, because the edit could break it.',
		fix: 'correct the ConfigMap, or delete it, so that the operator writes it again',
	},
	{
		id: 'ignore-unknown-id',
		severity: 'warn',
		onServer: unknownIgnoredId,
		when: 'the annotation names a warning that does not exist',
		why: 'A misspelt id has no effect: the warning that it should silence is still reported.',
		fix: 'correct the id in the annotation toolhive-scaling/ignore',
	},
] as const satisfies readonly Rule[];

export type RuleId = (typeof RULES)[number]['id'];

const DENIALS: readonly Denial[] = RULES.filter((rule) => rule.severity === 'deny');
const WARNINGS: readonly Warning[] = RULES.filter((rule) => rule.severity === 'warn');
export const DENIAL_IDS: readonly string[] = DENIALS.map(({ id }) => id);
/** The ids of the warnings, in the order in which they are reported. */
export const WARNING_IDS: readonly string[] = WARNINGS.map(({ id }) => id);

/** Returns the denials for the scaling fields of a server's `spec`, as they were sent, without nulls. */
export const serverViolations = (fields: Json, kind: Kind): Violation[] =>
	DENIALS.flatMap(({ id, check }) => check(fields, kind).map((problem) => ({ id, ...problem })));

/** Returns the warnings for a server. */
export const serverFindings = (subject: Subject): Finding[] =>
	report(subject.server, ({ onServer }) => onServer?.(subject));

/** Returns the warnings for a write of `requested` replicas to the server's Deployment or its Scale. */
export const scaleFindings = (server: Server, requested: number): Finding[] =>
	report(server, ({ onScale }) => onScale?.(server, requested));

/** Returns the warnings for a write of the server's ConfigMap. */
export const configFindings = (subject: ConfigSubject): Finding[] =>
	report(subject.server, ({ onConfig }) => onConfig?.(subject));

/**
 * Returns what the image of a running proxy lacks, for an Event and for `doctor`. The id `image-too-old` silences this
 * report.
 */
export function imageReport(subject: Subject): { readonly tooOld?: Text; readonly mayRoll?: string } {
	if (isSilenced(subject.server, 'image-too-old')) return {};
	const tooOld = imageTooOld(subject);
	const mayRoll = backendMayRoll(subject);
	return { ...(tooOld !== undefined && { tooOld }), ...(mayRoll !== undefined && { mayRoll }) };
}

/** Whether the annotation `toolhive-scaling/ignore` silences the warning. No other code reads that annotation. */
const isSilenced = ({ ignore }: Server, id: string): boolean => ignore.includes(id);

function report(server: Server, evaluate: (rule: Warning) => Text | undefined): Finding[] {
	const findings: Finding[] = [];
	for (const rule of WARNINGS) {
		const text = evaluate(rule);
		if (text !== undefined && !isSilenced(server, rule.id)) findings.push({ id: rule.id, ...text });
	}
	return findings;
}

/** Reports only the first unknown id, because a list of ten thousand ids must not cause as many warnings. */
function unknownIgnoredId({ server: { ignore } }: Subject): Text | undefined {
	const unknown = ignore.find((id) => !WARNING_IDS.includes(id));
	if (unknown === undefined) return undefined;
	return {
		field: `metadata.annotations[${IGNORE_ANNOTATION}]`,
		message: `unknown warning id "${unknown}"`,
	};
}
