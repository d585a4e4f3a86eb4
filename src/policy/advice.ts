/**
 * What to know about each id that people meet: when it is said, why, and what to do. `thv-scaling review` prints it, and
 * docs/rules.md is made from it. The sentence that a finding itself says stands beside its rule.
 */
export interface Advice {
	readonly when: string;
	readonly why: string;
	readonly remedy: string;
}

/** Warnings, in the order in which they are told. */
export const WARNING_ADVICE: Readonly<Record<string, Advice>> = {
	'stdio-replicas-capped': {
		when: 'stdio and `replicas` > 1, or somebody scales its Deployment',
		why: 'A stdio server is one process with one pipe; a second proxy would have nothing to talk to.',
		remedy: 'set replicas to 1 or leave it out; to scale, the server must speak streamable-http or sse',
	},
	'session-storage-missing': {
		when: 'not redis, and `replicas` > 1 or an autoscaler of the proxy Deployment with `maxReplicas` > 1',
		why: 'Each replica keeps sessions in its own memory, so a request that reaches another one finds no session.',
		remedy: 'set sessionStorage with provider redis and an address, or run at most 1 replica',
	},
	'backend-session-storage-missing': {
		when: '`backendReplicas` > 1 and not redis',
		why: 'Which backend holds a session is remembered in the proxy alone; after its restart nobody knows.',
		remedy: 'set sessionStorage with provider redis and an address, or backendReplicas to 1',
	},
	'stdio-backend-replicas': {
		when: 'stdio and `backendReplicas` > 1',
		why: 'A stdio proxy attaches to one backend pod; the others run and are never used.',
		remedy: 'set backendReplicas to 1 or leave it out',
	},
	'backend-replicas-lowered': {
		when: 'an update lowers `backendReplicas`: sessions on the removed backends are lost',
		why: 'Sessions live in the backend that began them; nothing moves them to another one.',
		remedy: 'lower it when few sessions are open, or tell the users that they have to connect anew',
	},
	'backend-still-running': {
		when: '`replicas` 0 while `backendReplicas` is not 0',
		why: 'Without a proxy nothing reaches the backends, and they go on costing.',
		remedy: 'set backendReplicas to 0 as well',
	},
	'session-affinity-none-without-redis': {
		when: '`sessionAffinity: None`, not redis, and `replicas` > 1 or an autoscaler with `maxReplicas` > 1',
		why: 'Without affinity the requests of one session are spread over replicas that do not share it.',
		remedy: 'leave sessionAffinity out, or set sessionStorage with provider redis',
	},
	'password-without-redis': {
		when: '`passwordRef` with `memory`',
		why: 'The password is only used for Redis; most likely the provider is not the one that was meant.',
		remedy: 'set provider to redis, or take passwordRef out',
	},
	'redis-without-password': {
		when: 'redis without `passwordRef`',
		why: 'Whoever reaches that Redis can read and take over every session in it.',
		remedy: 'put the password into a Secret in this namespace and name it in sessionStorage.passwordRef',
	},
	'shared-key-space': {
		when: 'another server uses the same address, db and explicit key prefix',
		why: 'Two servers with the same keys overwrite each other’s sessions.',
		remedy: 'give each server a keyPrefix or db of its own',
	},
	'autoscaled-and-pinned': {
		when: '`replicas` set while an autoscaler (HorizontalPodAutoscaler, KEDA ScaledObject) targets the proxy Deployment',
		why: 'The count is written to the Deployment once and the autoscaler then changes it: two owners of one number.',
		remedy: 'take replicas out and let the autoscaler decide, or delete the autoscaler',
	},
	'stdio-autoscaled': {
		when: 'an autoscaler targets a stdio server’s Deployment',
		why: 'The Deployment is held at 1, whatever the autoscaler asks for.',
		remedy: 'delete the autoscaler; a stdio server cannot be scaled',
	},
	'backend-autoscaled-and-pinned': {
		when: '`backendReplicas` set while an autoscaler targets the backend StatefulSet, which has the name of the server',
		why: 'The proxy runner sets the StatefulSet to `backendReplicas` at each start, and the autoscaler changes it again; each lowering ends sessions.',
		remedy: 'remove backendReplicas, or delete the autoscaler',
	},
	'autoscaler-target-invalid': {
		when: 'an autoscaler targets the MCPServer, VirtualMCPServer or MCPRemoteProxy itself',
		why: 'These kinds have no scale subresource, so the autoscaler reports an error and scales nothing.',
		remedy:
			'set apiVersion apps/v1 and kind Deployment in its scaleTargetRef; the Deployment has the name of the server',
	},
	'backend-sessions-not-pinned': {
		when: '`backendReplicas` > 1 and not stdio',
		why: 'Redis stores the address of the backend Service and not of a pod, so a request may reach another backend. The runner initializes a new session there, without the state, and later requests of the official SDK client fail with 404.',
		remedy: 'set backendReplicas to 1 or leave it out; more than 1 is only for servers without sessions',
	},
	'config-session-storage-ignored': {
		when: 'a VirtualMCPServer has `spec.config.sessionStorage` and no `spec.sessionStorage`',
		why: 'The operator fills `config.sessionStorage` from `spec.sessionStorage` and drops any other value, so sessions stay in memory.',
		remedy: 'move the section to spec.sessionStorage',
	},
	'redis-tls-unsupported': {
		when: '`sessionStorage.tls` is set and the operator does not carry it',
		why: 'The authority’s certificate would have to be mounted by the operator, and plaintext is not what was asked for: the proxy gets no Redis at all.',
		remedy:
			'use ToolHive v0.62.0 or later, or take tls out; for a review, --server-version tells which the cluster has',
	},
	'image-too-old': {
		when: 'the proxy image is known to be older than what a field needs (redis: v0.16.0), or a vMCP image is not known to accept `sessionStorage` (v0.13.1)',
		why: 'An older proxy ignores the field; an older vMCP even refuses to start with it.',
		remedy: 'use a newer proxy image; for a review, --server-version tells which one the cluster has',
	},
	'run-config-restart-missing': {
		when: 'an MCPServer with `podTemplateMetadataOverrides.annotations` and with redis or `backendReplicas`, and a proxy image up to v0.15',
		why: 'Operators up to v0.15 leave the checksum of the RunConfig out of pods with such annotations, so a changed RunConfig does not restart them.',
		remedy:
			'upgrade ToolHive to v0.27.0 or later, or remove the annotations; until then run kubectl rollout restart after each change',
	},
	'run-config-unreadable': {
		when: 'a RunConfig that is no JSON object, or a vMCP config that is no YAML mapping, or one that is too long; left as it is',
		why: 'What cannot be read cannot be edited without the risk of breaking it.',
		remedy: 'look at the ConfigMap; the operator writes it anew when it is deleted',
	},
	'ignore-unknown-id': {
		when: 'the annotation names a warning that does not exist',
		why: 'A misspelt id silences nothing, and nobody would notice.',
		remedy: 'correct the id in the annotation toolhive-scaling/ignore',
	},
};

/** Reasons to deny. Nothing silences them. */
export const DENIAL_ADVICE: Readonly<Record<string, Advice>> = {
	'redis-address-missing': {
		when: '`provider: redis` without `address`',
		why: 'A proxy that does not know where Redis is does not start.',
		remedy: 'set sessionStorage.address to host:port of the Redis server',
	},
	'redis-address-empty': {
		when: '`provider: redis` with an empty `address`',
		why: 'The rule in the CRD only sees that the field is there; the proxy would not start all the same.',
		remedy: 'set sessionStorage.address to host:port of the Redis server',
	},
	'redis-address-invalid': {
		when: '`provider: redis` with an `address` that is not `host:port`: with a scheme, without a port, with several addresses',
		why: 'The proxy connects to the address as it is; with "missing port in address" or "too many colons in address" it does not start.',
		remedy:
			'set sessionStorage.address to one host:port such as redis.demo.svc:6379 or [::1]:6379; the password belongs in passwordRef',
	},
	'redis-key-prefix-invalid': {
		when: '`provider: redis` with a `keyPrefix` that is not empty and does not end in `:`',
		why: 'Every proxy that reads Redis refuses to start on such a prefix.',
		remedy: 'end keyPrefix with a colon, or remove it',
	},
	'scaling-field-invalid': {
		when: 'a scaling field of a wrong type, outside its enum or below its minimum',
		why: 'The proxy could not read it; where the CRD is looser, nobody else would say so.',
		remedy:
			'see `kubectl explain mcpserver.spec`; substitute variables first, write numbers without quotes, and texts such as on or 1 with them',
	},
};

export const ADVICE: Readonly<Record<string, Advice>> = { ...WARNING_ADVICE, ...DENIAL_ADVICE };
