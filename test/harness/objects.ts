/**
 * The smallest valid objects; each case changes one field. Names and labels are those of ToolHive, independent of
 * src/api/names.ts.
 */
import type { Json } from '../../src/api/types.ts';

export const NAMESPACE = 'demo';

const RUN_CONFIG = { container: 'toolhive', config: '-runconfig', key: 'runconfig.json' };
export const NAMES = {
	MCPServer: { ...RUN_CONFIG, app: 'mcpserver', label: 'mcp-server' },
	VirtualMCPServer: {
		...{ container: 'vmcp', config: '-vmcp-config', key: 'config.yaml' },
		...{ app: 'virtualmcpserver', label: 'virtual-mcp-server' },
	},
	MCPRemoteProxy: { ...RUN_CONFIG, app: 'mcpremoteproxy', label: 'mcp-remote-proxy' },
} as const;
type ServerKind = keyof typeof NAMES;

/** Mutable JSON, for tests that make one field invalid. */
export interface Tree {
	[key: string]: Tree;
}

export const asTree = (object: Json): Tree => structuredClone(object) as unknown as Tree;

const server = (kind: ServerKind, name: string, spec: Json, metadata: Json): Json => ({
	apiVersion: 'toolhive.stacklok.dev/v1beta1',
	kind,
	metadata: { name, namespace: NAMESPACE, uid: `uid-of-${name}`, ...metadata },
	spec,
});

export const mcpServer = (spec: Json = {}, metadata: Json = {}): Json =>
	server('MCPServer', 'search', { image: 'search:1', transport: 'streamable-http', ...spec }, metadata);

export const stdioServer = (spec: Json = {}, metadata: Json = {}): Json =>
	server('MCPServer', 'files', { image: 'files:1', transport: 'stdio', ...spec }, metadata);

export const virtualMcpServer = (spec: Json = {}, metadata: Json = {}): Json =>
	server('VirtualMCPServer', 'hub', spec, metadata);

export const mcpRemoteProxy = (spec: Json = {}, metadata: Json = {}): Json =>
	server('MCPRemoteProxy', 'crm', { remoteUrl: 'https://crm.example.com', ...spec }, metadata);

export const REDIS = { provider: 'redis', address: 'redis.db.svc:6379' } as const;
export const PASSWORD = { name: 'redis-auth', key: 'password-key' } as const;
/** The fields of a server whose proxies get `PASSWORD_ENTRY`. */
export const WITH_PASSWORD: Json = { sessionStorage: { ...REDIS, passwordRef: PASSWORD } };
export const PASSWORD_ENTRY = {
	name: 'THV_SESSION_REDIS_PASSWORD',
	valueFrom: { secretKeyRef: { name: 'redis-auth', key: 'password-key' } },
} as const;

export const nameOf = (object: Json): string => String((object['metadata'] as Json)['name']);

const namesOf = (owner: Json): (typeof NAMES)[ServerKind] => NAMES[owner['kind'] as ServerKind];

export function ownedBy(owner: Json): Json {
	const { name, uid } = owner['metadata'] as Json;
	return { apiVersion: owner['apiVersion'], kind: owner['kind'], name, uid, controller: true };
}

const labelsOf = (owner: Json): Json => ({
	app: namesOf(owner).app,
	toolhive: 'true',
	'toolhive-name': nameOf(owner),
});

/**
 * Returns the proxy Deployment of `owner`. `spec` changes the Deployment's spec, and `podSpec` changes the pod
 * template.
 */
export function deployment(owner: Json, spec: Json = {}, podSpec: Json = {}, metadata: Json = {}): Json {
	const labels = labelsOf(owner);
	return {
		apiVersion: 'apps/v1',
		kind: 'Deployment',
		metadata: { name: nameOf(owner), namespace: NAMESPACE, labels, ownerReferences: [ownedBy(owner)], ...metadata },
		spec: {
			replicas: 1,
			selector: { matchLabels: labels },
			template: {
				metadata: { labels },
				spec: { containers: [container(owner)], terminationGracePeriodSeconds: 30, ...podSpec },
			},
			...spec,
		},
	};
}

export const container = (owner: Json, fields: Json = {}): Json => ({
	name: namesOf(owner).container,
	image: 'ghcr.io/stacklok/toolhive/proxyrunner:v0.47.0',
	env: [{ name: 'HOME', value: '/tmp' }],
	...fields,
});

export function pod(owner: Json, spec: Json = {}, metadata: Json = {}): Json {
	return {
		apiVersion: 'v1',
		kind: 'Pod',
		metadata: {
			generateName: `${nameOf(owner)}-5c9-`,
			namespace: NAMESPACE,
			labels: labelsOf(owner),
			ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: `${nameOf(owner)}-5c9`, uid: 'rs' }],
			...metadata,
		},
		spec: { containers: [container(owner)], ...spec },
	};
}

/** Returns the ConfigMap that the proxy of `owner` mounts, with `text` as its only document. */
export function configMap(owner: Json, text: string, metadata: Json = {}): Json {
	const { config, key } = namesOf(owner);
	return {
		apiVersion: 'v1',
		kind: 'ConfigMap',
		metadata: {
			name: nameOf(owner) + config,
			namespace: NAMESPACE,
			labels: { 'toolhive.stacklok.io/managed-by': 'toolhive-operator' },
			annotations: { 'toolhive.stacklok.dev/content-checksum': 'from-the-operator' },
			ownerReferences: [ownedBy(owner)],
			...metadata,
		},
		data: { [key]: text },
	};
}

export const configText = (map: Json): string => String(Object.values(map['data'] as Json)[0]);

export const scale = (name: string, replicas: unknown): Json => ({
	apiVersion: 'autoscaling/v1',
	kind: 'Scale',
	metadata: { name, namespace: NAMESPACE },
	spec: { replicas },
	status: { replicas: 1, selector: 'app=mcpserver' },
});

export const autoscaler = (target: string): Json => ({
	apiVersion: 'autoscaling/v2',
	kind: 'HorizontalPodAutoscaler',
	metadata: { name: `${target}-hpa`, namespace: NAMESPACE },
	spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: target }, maxReplicas: 5 },
});

/** Freezes `object` deeply, so that code that changes it throws. */
export function frozen<T>(value: T): T {
	if (typeof value === 'object' && value !== null) {
		Object.freeze(value);
		for (const part of Object.values(value)) frozen(part);
	}
	return value;
}
