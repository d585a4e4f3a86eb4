/** What differs between the kinds of servers, and the Deployments and Services of all kinds. */
import { createHash } from 'node:crypto';
import type { Container, EnvVar, KubeObject, ServerObject, Text } from './objects.ts';
import { proxyPortOf, runConfigOfMcpServer, runConfigOfRemoteProxy, vmcpConfigOf } from './run-config.ts';

export interface Images {
	/** Image of the proxy runner, which MCPServer and MCPRemoteProxy use. */
	readonly runner: string;
	readonly vmcp: string;
}

export const DEFAULT_IMAGES: Images = {
	runner: 'ghcr.io/stacklok/toolhive/proxyrunner:v0.12.5',
	vmcp: 'ghcr.io/stacklok/toolhive/vmcp:v0.12.5',
};

const VMCP_PORT = 4483;

const RUN_CONFIG = { volume: 'runconfig', suffix: '-runconfig', key: 'runconfig.json', component: 'run-config' };

export const KINDS = {
	MCPServer: {
		plural: 'mcpservers',
		app: 'mcpserver',
		// The first one is for the proxy, and the second one for the backend.
		accounts: (name: string): readonly string[] => [`${name}-proxy-runner`, `${name}-sa`],
		service: (name: string) => `mcp-${name}-proxy`,
		config: { ...RUN_CONFIG, label: 'mcp-server', text: runConfigOfMcpServer },
		port: proxyPortOf,
		container: ({ metadata, spec }: ServerObject, { runner }: Images) => ({
			...{ name: 'toolhive', image: runner },
			args: ['run', podPatchOf(metadata.name), spec.image ?? ''],
		}),
	},
	VirtualMCPServer: {
		plural: 'virtualmcpservers',
		app: 'virtualmcpserver',
		accounts: (name: string): readonly string[] => [`${name}-vmcp`],
		service: (name: string) => `vmcp-${name}`,
		config: {
			...{ volume: 'vmcp-config', suffix: '-vmcp-config', key: 'config.yaml', component: 'vmcp-config' },
			...{ label: 'virtual-mcp-server', text: vmcpConfigOf },
		},
		port: () => VMCP_PORT,
		container: (_: ServerObject, { vmcp }: Images) => ({
			...{ name: 'vmcp', image: vmcp },
			args: ['serve', '--config=/etc/vmcp-config/config.yaml', '--host=0.0.0.0', `--port=${VMCP_PORT}`],
		}),
	},
	MCPRemoteProxy: {
		plural: 'mcpremoteproxies',
		app: 'mcpremoteproxy',
		accounts: (name: string): readonly string[] => [`${name}-remote-proxy-runner`],
		service: (name: string) => `mcp-${name}-remote-proxy`,
		config: { ...RUN_CONFIG, label: 'mcp-remote-proxy', text: runConfigOfRemoteProxy },
		port: proxyPortOf,
		container: (_: ServerObject, { runner }: Images) => ({
			...{ name: 'toolhive', image: runner },
			args: ['run', '--foreground=true', 'placeholder-for-remote-proxy'],
		}),
	},
} as const;

export type Kind = keyof typeof KINDS;
export const KIND_LIST = Object.keys(KINDS) as readonly Kind[];

const podPatchOf = (name: string): string =>
	`--k8s-pod-patch=${JSON.stringify({ metadata: {}, spec: { containers: [], serviceAccountName: `${name}-sa` } })}`;

/** The operator does not add a variable that the user already set. */
const REQUIRED_ENV: Text = {
	XDG_CONFIG_HOME: '/tmp',
	HOME: '/tmp',
	TOOLHIVE_RUNTIME: 'kubernetes',
	UNSTRUCTURED_LOGS: 'false',
};

const withRequiredEnv = (env: readonly EnvVar[]): EnvVar[] => [
	...env,
	...Object.entries(REQUIRED_ENV)
		.filter(([name]) => !env.some((variable) => variable.name === name))
		.map(([name, value]) => ({ name, value })),
];

export const ownerOf = ({ apiVersion, kind, metadata: { name, uid } }: ServerObject): object => ({
	...{ apiVersion, kind, name, uid, controller: true, blockOwnerDeletion: true },
});

/** Returns the labels of the objects of a server. Deployments also use these labels as their immutable selector. */
const labelsOf = (app: string, name: string): Text => ({
	...{ app, 'app.kubernetes.io/name': app, 'app.kubernetes.io/instance': name },
	...{ toolhive: 'true', 'toolhive-name': name },
});

/** Hashes the keys and values of data and labels, without separators. Each map is sorted by key. */
export function checksumOf(data: Text, labels: Text): string {
	const hash = createHash('sha256');
	for (const map of [data, labels]) for (const key of Object.keys(map).sort()) hash.update(key).update(map[key] ?? '');
	return hash.digest('hex');
}

export const CONTENT_CHECKSUM = 'toolhive.stacklok.dev/content-checksum';

/** Returns the ConfigMap that the proxy mounts, with `text` as its document. */
export function configMapOf(kind: Kind, server: ServerObject, text: string) {
	const { component, key, label, suffix } = KINDS[kind].config;
	const { name, namespace } = server.metadata;
	const data = { [key]: text };
	const labels = {
		'toolhive.stacklok.io/component': component,
		[`toolhive.stacklok.io/${label}`]: name,
		'toolhive.stacklok.io/managed-by': 'toolhive-operator',
	};
	const annotations = { [CONTENT_CHECKSUM]: checksumOf(data, labels) };
	const metadata = { name: name + suffix, namespace, labels, annotations, ownerReferences: [ownerOf(server)] };
	return { apiVersion: 'v1', kind: 'ConfigMap', metadata, data };
}

/** Sets one replica and no grace period, because operator v0.12.5 has no fields for either. */
export function deploymentOf(kind: Kind, server: ServerObject, templateAnnotations: Text, images = DEFAULT_IMAGES) {
	const { app, accounts, config, port, container: containerOf } = KINDS[kind];
	const { name, namespace } = server.metadata;
	const labels = labelsOf(app, name);
	const container: Container & Readonly<Record<string, unknown>> = {
		...containerOf(server, images),
		ports: [{ name: 'http', containerPort: port(server), protocol: 'TCP' }],
		env: withRequiredEnv(server.spec.resourceOverrides?.proxyDeployment?.env ?? []),
		volumeMounts: [{ name: config.volume, mountPath: `/etc/${config.volume}`, readOnly: true }],
		readinessProbe: { httpGet: { path: '/health', port: 'http' }, initialDelaySeconds: 5 },
	};
	const podSpec = {
		volumes: [{ name: config.volume, configMap: { name: name + config.suffix } }],
		containers: [container],
		serviceAccountName: accounts(name)[0] ?? '',
	};
	return {
		apiVersion: 'apps/v1',
		kind: 'Deployment',
		metadata: { name, namespace, labels, ownerReferences: [ownerOf(server)] },
		spec: {
			replicas: 1,
			selector: { matchLabels: labels },
			template: { metadata: { labels, annotations: templateAnnotations }, spec: podSpec },
		},
	};
}

export function serviceOf(kind: Kind, server: ServerObject): KubeObject & { readonly spec: object } {
	const { app, port: portOf, service } = KINDS[kind];
	const { name, namespace } = server.metadata;
	const labels = labelsOf(app, name);
	const port = portOf(server);
	return {
		apiVersion: 'v1',
		kind: 'Service',
		metadata: { name: service(name), namespace, labels, ownerReferences: [ownerOf(server)] },
		spec: {
			ports: [{ name: 'http', port, targetPort: port, protocol: 'TCP' }],
			selector: labels,
			sessionAffinity: server.spec.sessionAffinity || 'ClientIP',
		},
	};
}
