/** Objects as ToolHive's operator and other people write them, as small as the API server takes them. */
import { GROUP, KINDS, type Kind } from '../../src/api/names.ts';

export interface Sample {
	readonly apiVersion: string;
	readonly kind: string;
	readonly metadata: {
		readonly name: string;
		readonly namespace: string;
		readonly labels?: Readonly<Record<string, string>>;
		readonly ownerReferences?: readonly object[];
		readonly finalizers?: readonly string[];
		readonly deletionTimestamp?: string;
	};
	readonly [section: string]: unknown;
}

/** The labels an operator gives to Deployment and pods of a server. */
export const proxyLabels = (kind: Kind, name: string): Record<string, string> => ({
	app: KINDS[kind].app,
	'app.kubernetes.io/name': KINDS[kind].app,
	'app.kubernetes.io/instance': name,
	toolhive: 'true',
	'toolhive-name': name,
});

const ownedBy = (kind: Kind, name: string): object[] => [
	{
		apiVersion: `${GROUP}/v1alpha1`,
		kind,
		name,
		uid: '0f3c2b9e-1f0a-4a58-9c1d-6c0a5b1e0001',
		controller: true,
		blockOwnerDeletion: true,
	},
];

/** A Deployment of somebody else, with whatever labels they gave it. */
export const deployment = (namespace: string, name: string, labels: Record<string, string>): Sample => ({
	apiVersion: 'apps/v1',
	kind: 'Deployment',
	metadata: { name, namespace, labels },
	spec: {
		selector: { matchLabels: labels },
		template: { metadata: { labels }, spec: { containers: [{ name: 'main', image: 'example/main:1' }] } },
	},
});

/** As a proxy runner makes its backend. */
export const backend = (
	namespace: string,
	name: string,
	labels: Record<string, string> = { app: name, toolhive: 'true' },
): Sample => {
	const made = deployment(namespace, name, labels);
	return { ...made, kind: 'StatefulSet', spec: { ...(made['spec'] as object), serviceName: name } };
};

/** As other controllers own what they make. */
export const ownedElsewhere = (sample: Sample): Sample => ({
	...sample,
	metadata: {
		...sample.metadata,
		ownerReferences: [
			{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'other', uid: '0f3c2b9e-1f0a-4a58-9c1d-6c0a5b1e0002' },
		],
	},
});

export const proxyDeployment = (namespace: string, name: string, kind: Kind = 'MCPServer'): Sample => {
	const made = deployment(namespace, name, proxyLabels(kind, name));
	return { ...made, metadata: { ...made.metadata, ownerReferences: ownedBy(kind, name) } };
};

export const configMap = (namespace: string, name: string, labels: Record<string, string> = {}): Sample => ({
	apiVersion: 'v1',
	kind: 'ConfigMap',
	metadata: { name, namespace, labels },
	data: {},
});

export const operatorConfigMap = (
	namespace: string,
	server: string,
	kind: Kind = 'MCPServer',
	component = 'run-config',
): Sample => {
	const made = configMap(namespace, server + KINDS[kind].configMapSuffix, {
		'toolhive.stacklok.io/component': component,
		[KINDS[kind].configLabel]: server,
		'toolhive.stacklok.io/managed-by': 'toolhive-operator',
	});
	return { ...made, metadata: { ...made.metadata, ownerReferences: ownedBy(kind, server) } };
};

/** Of any kind: fields a kind does not have are dropped by the API server. */
export const server = (
	namespace: string,
	name: string,
	spec: object = {},
	kind: Kind = 'MCPServer',
	version = 'v1beta1',
): Sample => ({
	apiVersion: `${GROUP}/${version}`,
	kind,
	metadata: { name, namespace },
	spec: { image: 'example/mcp:1', ...spec },
});

export const pod = (namespace: string, name: string, labels: Record<string, string>): Sample => ({
	apiVersion: 'v1',
	kind: 'Pod',
	metadata: { name, namespace, labels },
	spec: { containers: [{ name: 'main', image: 'example/main:1' }] },
});

/** `sample` with a finalizer, which keeps it there, being deleted, for as long as a test likes. */
export const held = (sample: Sample): Sample => ({
	...sample,
	metadata: { ...sample.metadata, finalizers: ['example.com/hold'] },
});
