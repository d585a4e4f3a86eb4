/** What is measured with: admission reviews of an exact size, made of many small fields as real objects are. */
import type { Cluster } from '../../src/admission/cluster.ts';
import { DEFAULT_OPERATOR_USERNAME, GROUP } from '../../src/api/names.ts';
import type { Json, Server } from '../../src/api/types.ts';
import { DEFAULT_SETTINGS, type Settings } from '../../src/policy/settings.ts';

/** One long string would be parsed faster than real objects are, so size comes from env entries. */
export const SIZES_BYTES = { '1.5 KB': 1_500, '13 KB': 13_000, '50 KB': 50_000 } as const;
export type Size = keyof typeof SIZES_BYTES;
export const SIZE_LIST = Object.keys(SIZES_BYTES) as readonly Size[];

const UID = '0b5a9c6e-3f0a-4b57-9a57-0f4f6f7d1c11';

/** Asks for everything at once: a count, Redis, a password and backends. */
export const SERVER: Server = {
	kind: 'MCPServer',
	namespace: 'bench',
	name: 'github',
	uid: UID,
	spec: {
		stdio: false,
		replicas: 3,
		backendReplicas: 2,
		sessionStorage: {
			provider: 'redis',
			address: 'redis:6379',
			keyPrefix: 'thv:',
			passwordRef: { name: 'redis', key: 'password' },
		},
	},
	ignore: [],
};

/** Another grace period than Kubernetes' own, so that it is a change. Without preStop, which the others do not add. */
export const SETTINGS: Settings = { ...DEFAULT_SETTINGS, gracePeriodSeconds: 60, preStopSeconds: 0 };

/** Servers from memory, as the watches would have them. */
export const CLUSTER: Cluster = {
	findServer: ({ name }) => (name === SERVER.name ? SERVER : undefined),
	findDeployment: () => undefined,
	clusterContextOf: () => ({}),
};

/** AdmissionReview of the CREATE of a proxy Deployment. */
export const deploymentReview = (size: Size): string =>
	grown(size, (entries) => reviewOf(deploymentWith(envOf(entries))));

/** AdmissionReview of the CREATE of a RunConfig. */
export const runConfigReview = (size: Size): string => grown(size, (entries) => reviewOf(runConfigWith(entries)));

/** AdmissionReview of an UPDATE of a server by an operator that erases what it does not know. */
export const serverReview = (size: Size): string =>
	grown(size, (entries) => {
		const review = reviewOf(serverWith(entries, {}));
		const { object: oldObject } = serverWith(entries, { replicas: 3, sessionStorage: SERVER.spec.sessionStorage });
		return { ...review, request: { ...(review['request'] as Json), operation: 'UPDATE', oldObject } };
	});

/** The text of `make` that is nearest in size, with as many env entries as that takes. */
function grown(size: Size, make: (entries: number) => Json): string {
	const text = (entries: number): string => JSON.stringify(make(entries));
	// From the second on, each brings a comma.
	const oneBytes = text(1).length;
	const entryBytes = (text(101).length - oneBytes) / 100;
	return text(1 + Math.max(0, Math.round((SIZES_BYTES[size] - oneBytes) / entryBytes)));
}

/** What a review says of the type of a Deployment. */
export const DEPLOYMENT = {
	kind: { group: 'apps', version: 'v1', kind: 'Deployment' },
	resource: { group: 'apps', version: 'v1', resource: 'deployments' },
};

/** AdmissionReview of the CREATE of `object`, as the API server sends it for the operator's write. */
export function reviewOf({ object, kind, resource }: { object: Json; kind: Json; resource: Json }): Json {
	const { name, namespace } = object['metadata'] as Json;
	return {
		kind: 'AdmissionReview',
		apiVersion: 'admission.k8s.io/v1',
		request: {
			uid: '705ab4f5-6393-11e8-b7cc-42010a800002',
			kind,
			resource,
			name,
			namespace,
			operation: 'CREATE',
			userInfo: { username: DEFAULT_OPERATOR_USERNAME },
			object,
			oldObject: null,
			dryRun: false,
		},
	};
}

const metadata = (name: string): Json => ({
	name,
	namespace: SERVER.namespace,
	labels: { app: 'mcpserver', toolhive: 'true', 'toolhive-name': SERVER.name },
	ownerReferences: [
		{
			apiVersion: 'toolhive.stacklok.dev/v1alpha1',
			kind: SERVER.kind,
			name: SERVER.name,
			uid: UID,
			controller: true,
			blockOwnerDeletion: true,
		},
	],
});

const envOf = (entries: number): { name: string; value: string }[] =>
	Array.from({ length: entries }, (_, index) => ({
		name: `SETTING_${padded(index)}`,
		value: `value-${padded(index)}`,
	}));

/** All entries are equally long, so that the size of so many of them is known. */
const padded = (index: number): string => String(index).padStart(5, '0');

function deploymentWith(env: readonly { name: string; value: string }[]) {
	const labels = { app: 'mcpserver', 'toolhive-name': SERVER.name };
	const image = 'ghcr.io/stacklok/toolhive/proxyrunner:v0.12.5';
	return {
		...DEPLOYMENT,
		object: {
			apiVersion: 'apps/v1',
			kind: 'Deployment',
			metadata: metadata(SERVER.name),
			spec: {
				replicas: 1,
				selector: { matchLabels: labels },
				template: {
					metadata: { labels },
					spec: { containers: [{ name: 'toolhive', image, env }], terminationGracePeriodSeconds: 30 },
				},
			},
		},
	};
}

function runConfigWith(entries: number) {
	const env = Object.fromEntries(envOf(entries).map(({ name, value }) => [name, value]));
	const runConfig = { schema_version: 'v0.1.0', name: SERVER.name, transport: 'streamable-http', env_vars: env };
	return {
		kind: { group: '', version: 'v1', kind: 'ConfigMap' },
		resource: { group: '', version: 'v1', resource: 'configmaps' },
		object: {
			apiVersion: 'v1',
			kind: 'ConfigMap',
			metadata: metadata(`${SERVER.name}-runconfig`),
			data: { 'runconfig.json': JSON.stringify(runConfig, null, 2) },
		},
	};
}

function serverWith(entries: number, scaling: Json) {
	const version = 'v1alpha1';
	return {
		kind: { group: GROUP, version, kind: SERVER.kind },
		resource: { group: GROUP, version, resource: 'mcpservers' },
		object: {
			apiVersion: `${GROUP}/${version}`,
			kind: SERVER.kind,
			metadata: { name: SERVER.name, namespace: SERVER.namespace, uid: UID },
			spec: { image: 'ghcr.io/example/github:1.0.0', transport: 'streamable-http', env: envOf(entries), ...scaling },
		},
	};
}
