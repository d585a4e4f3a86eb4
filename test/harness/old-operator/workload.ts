/** Creates and compares the Deployments and Services of all three kinds. */
import { isDeepStrictEqual } from 'node:util';
import type { Client } from './client.ts';
import type { Container, Deployment, EnvVar, OwnerReference, ServerObject, Service, Text } from './objects.ts';

export const RUNCONFIG_CHECKSUM = 'toolhive.stacklok.dev/runconfig-checksum';

export const ownerOf = (server: ServerObject): OwnerReference => ({
	apiVersion: server.apiVersion,
	kind: server.kind,
	name: server.metadata.name,
	uid: server.metadata.uid ?? '',
	controller: true,
	blockOwnerDeletion: true,
});

/** Returns the labels of the objects of a server. Deployments also use these labels as their immutable selector. */
export const labelsOf = (app: string, name: string): Text => ({
	app,
	'app.kubernetes.io/name': app,
	'app.kubernetes.io/instance': name,
	toolhive: 'true',
	'toolhive-name': name,
});

const REQUIRED_ENV: Text = {
	XDG_CONFIG_HOME: '/tmp',
	HOME: '/tmp',
	TOOLHIVE_RUNTIME: 'kubernetes',
	UNSTRUCTURED_LOGS: 'false',
};

/** Adds the four variables that every proxy needs. Does not add a variable that the user already set. */
export const withRequiredEnv = (env: readonly EnvVar[]): EnvVar[] => [
	...env.map(({ name, value, ...rest }) => ({ name, ...(value ? { value } : {}), ...rest })),
	...Object.entries(REQUIRED_ENV)
		.filter(([name]) => !env.some((variable) => variable.name === name))
		.map(([name, value]) => ({ name, value })),
];

export interface WorkloadParts {
	readonly app: string;
	readonly container: Pick<Container, 'name' | 'image' | 'args' | 'resources'> & { readonly imagePullPolicy?: string };
	readonly port: number;
	readonly env: readonly EnvVar[];
	/** The ConfigMap that is mounted into the container. */
	readonly config: { readonly volume: string; readonly configMap: string; readonly mountPath: string };
	readonly readinessDelaySeconds: number;
	readonly serviceAccountName: string;
	readonly labels?: Text;
	readonly annotations?: Text;
	readonly templateAnnotations: Text;
}

const probe = (initialDelaySeconds: number, periodSeconds: number, timeoutSeconds: number): object => ({
	httpGet: { path: '/health', port: 'http' },
	initialDelaySeconds,
	periodSeconds,
	timeoutSeconds,
	failureThreshold: 3,
});

/** Sets one replica and no grace period, because operator v0.12.5 has no fields for either. */
export function deploymentOf(server: ServerObject, parts: WorkloadParts): Deployment {
	const { name, namespace } = server.metadata;
	const labels = labelsOf(parts.app, name);
	const user = { runAsNonRoot: true, runAsUser: 1000, runAsGroup: 1000 };
	const { volume, configMap, mountPath } = parts.config;
	const container = {
		...parts.container,
		ports: [{ name: 'http', containerPort: parts.port, protocol: 'TCP' }],
		env: parts.env,
		volumeMounts: [{ name: volume, mountPath, readOnly: true }],
		livenessProbe: probe(30, 10, 5),
		readinessProbe: probe(parts.readinessDelaySeconds, 5, 3),
		securityContext: { ...user, privileged: false, readOnlyRootFilesystem: true, allowPrivilegeEscalation: false },
	};
	const podSpec = {
		volumes: [{ name: volume, configMap: { name: configMap } }],
		containers: [container],
		serviceAccountName: parts.serviceAccountName,
		securityContext: { ...user, fsGroup: 1000 },
	};
	return {
		apiVersion: 'apps/v1',
		kind: 'Deployment',
		metadata: {
			name,
			namespace,
			labels: { ...parts.labels, ...labels },
			...(parts.annotations ? { annotations: parts.annotations } : {}),
			ownerReferences: [ownerOf(server)],
		},
		spec: {
			replicas: 1,
			selector: { matchLabels: labels },
			template: { metadata: { labels, annotations: parts.templateAnnotations }, spec: podSpec },
		},
	};
}

export const serviceOf = (server: ServerObject, app: string, name: string, port: number, type?: string): Service => ({
	apiVersion: 'v1',
	kind: 'Service',
	metadata: {
		name,
		namespace: server.metadata.namespace,
		labels: labelsOf(app, server.metadata.name),
		ownerReferences: [ownerOf(server)],
	},
	spec: {
		ports: [{ name: 'http', port, targetPort: port, protocol: 'TCP' }],
		selector: labelsOf(app, server.metadata.name),
		sessionAffinity: server.spec.sessionAffinity || 'ClientIP',
		...(type ? { type } : {}),
	},
});

export const serviceNeedsUpdate = (live: Service, wanted: Service): boolean =>
	live.spec.ports[0]?.port !== wanted.spec.ports[0]?.port ||
	live.spec.sessionAffinity !== wanted.spec.sessionAffinity ||
	!isDeepStrictEqual({ ...live.metadata.annotations }, { ...wanted.metadata.annotations });

/** Returns the update to send: the live Service with the wanted ports, session affinity, labels and annotations. */
export const updatedService = (live: Service, wanted: Service): Service => ({
	...live,
	metadata: {
		...live.metadata,
		labels: { ...wanted.metadata.labels },
		annotations: { ...wanted.metadata.annotations },
	},
	spec: { ...live.spec, ports: wanted.spec.ports, sessionAffinity: wanted.spec.sessionAffinity },
});

/** Returns the live Deployment with the wanted template and labels. Merges annotations and keeps live replicas. */
export const updatedDeployment = (live: Deployment, wanted: Deployment): Deployment => ({
	...live,
	metadata: {
		...live.metadata,
		labels: { ...wanted.metadata.labels },
		annotations: { ...live.metadata.annotations, ...wanted.metadata.annotations },
	},
	spec: { ...live.spec, selector: wanted.spec.selector, template: wanted.spec.template },
});

export const sameText = (a: Text | undefined, b: Text | undefined): boolean => isDeepStrictEqual({ ...a }, { ...b });

export const isSubset = (part: Text | undefined, whole: Text | undefined): boolean =>
	Object.entries(part ?? {}).every(([key, value]) => whole?.[key] === value);

export async function ensureServiceAccount(client: Client, server: ServerObject, name: string): Promise<void> {
	if ((await client.get('v1', 'serviceaccounts', name)) !== undefined) return;
	const metadata = { name, namespace: server.metadata.namespace, ownerReferences: [ownerOf(server)] };
	await client.create('serviceaccounts', { apiVersion: 'v1', kind: 'ServiceAccount', metadata });
}
