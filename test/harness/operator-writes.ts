/** What ToolHive v0.12.5 sends for a server, cut down to what matters here (shape: pkg of thv-operator). */
import { createHash } from 'node:crypto';

export interface Owner {
	readonly kind: string;
	readonly name: string;
	readonly namespace: string;
	readonly uid: string;
}

/** Redis with a password, as servers have it in `spec.sessionStorage`. */
export const REDIS = {
	provider: 'redis',
	address: 'redis.mcp.svc:6379',
	passwordRef: { name: 'redis-secret', key: 'password' },
};

const APPS: Readonly<Record<string, string>> = {
	MCPServer: 'mcpserver',
	VirtualMCPServer: 'virtualmcpserver',
	MCPRemoteProxy: 'mcpremoteproxy',
};

const ownerReferences = ({ kind, name, uid }: Owner): object[] => [
	{ apiVersion: 'toolhive.stacklok.dev/v1alpha1', kind, name, uid, controller: true, blockOwnerDeletion: true },
];

const labelsOf = ({ kind, name }: Owner): Record<string, string> => ({
	app: APPS[kind] ?? '',
	'app.kubernetes.io/name': APPS[kind] ?? '',
	'app.kubernetes.io/instance': name,
	toolhive: 'true',
	'toolhive-name': name,
});

/** A proxy Deployment: one replica, no grace period, no password. */
export const proxyDeployment = (owner: Owner, image = 'ghcr.io/stacklok/toolhive/proxyrunner:v0.12.5') => ({
	apiVersion: 'apps/v1',
	kind: 'Deployment',
	metadata: {
		name: owner.name,
		namespace: owner.namespace,
		labels: labelsOf(owner),
		ownerReferences: ownerReferences(owner),
	},
	spec: {
		replicas: 1,
		selector: { matchLabels: labelsOf(owner) },
		template: {
			metadata: { labels: labelsOf(owner) },
			spec: {
				containers: [
					{
						name: owner.kind === 'VirtualMCPServer' ? 'vmcp' : 'toolhive',
						image,
						env: [
							{ name: 'XDG_CONFIG_HOME', value: '/tmp' },
							{ name: 'TOOLHIVE_RUNTIME', value: 'kubernetes' },
						],
					},
				],
			},
		},
	},
});

/** A RunConfig ConfigMap that holds `json`, with the operator's checksum. */
export const runConfigMap = (owner: Owner, json: string) => {
	const labels = {
		'toolhive.stacklok.io/component': 'run-config',
		'toolhive.stacklok.io/managed-by': 'toolhive-operator',
		'toolhive.stacklok.io/mcp-server': owner.name,
	};
	const hash = createHash('sha256').update(`runconfig.json${json}`);
	for (const [key, value] of Object.entries(labels)) hash.update(key + value);
	return {
		apiVersion: 'v1',
		kind: 'ConfigMap',
		metadata: {
			name: `${owner.name}-runconfig`,
			namespace: owner.namespace,
			labels,
			annotations: { 'toolhive.stacklok.dev/content-checksum': hash.digest('hex') },
			ownerReferences: ownerReferences(owner),
		},
		data: { 'runconfig.json': json },
	};
};
