/**
 * Creates AdmissionReviews of a given size. Like real objects, they have many small fields, because a long string is
 * faster to parse.
 */
import type { Cluster } from '../../src/admission/cluster.ts';
import { DEFAULT_OPERATOR_USERNAME, GROUP } from '../../src/api/names.ts';
import type { Json, Server } from '../../src/api/types.ts';
import { DEFAULT_SETTINGS, type Settings } from '../../src/policy/settings.ts';

const SIZES_BYTES = { '1.5 KB': 1_500, '13 KB': 13_000, '50 KB': 50_000 } as const;
type Size = keyof typeof SIZES_BYTES;

const UID = '0b5a9c6e-3f0a-4b57-9a57-0f4f6f7d1c11';

const SCALING = {
	replicas: 3,
	sessionStorage: {
		provider: 'redis',
		address: 'redis:6379',
		keyPrefix: 'thv:',
		passwordRef: { name: 'redis', key: 'password' },
	},
} as const;

/** A server that sets all scaling fields. */
export const SERVER: Server = {
	...{ kind: 'MCPServer', namespace: 'bench', name: 'github', uid: UID },
	spec: { stdio: false, backendReplicas: 2, ...SCALING },
	ignore: [],
};

/**
 * The grace period differs from the Kubernetes default, so that the webhook changes it. The other servers do not add
 * preStop.
 */
export const SETTINGS: Settings = { ...DEFAULT_SETTINGS, gracePeriodSeconds: 60, preStopSeconds: 0 };

/** Replaces the watch caches. */
export const CLUSTER: Cluster = {
	findServer: ({ name }) => (name === SERVER.name ? SERVER : undefined),
	findDeployment: () => undefined,
	clusterContextOf: () => ({}),
};

/** Returns the CREATE of a proxy Deployment. */
export const deploymentReview = (size: Size): string => sized(size, (env) => reviewOf(deploymentWith(env)));

/** Returns the CREATE of a RunConfig. */
export const runConfigReview = (size: Size): string => sized(size, (env) => reviewOf(runConfigWith(env)));

/** Returns the UPDATE of a server by an operator that erases scaling fields. */
export const serverReview = (size: Size): string =>
	sized(size, (env) => {
		const review = reviewOf(serverWith(env, {}));
		const { object: oldObject } = serverWith(env, SCALING);
		return { ...review, request: { ...(review['request'] as Json), operation: 'UPDATE', oldObject } };
	});

type Env = readonly { readonly name: string; readonly value: string }[];

/** Uses the number of environment variables that comes closest to the size. All variables have the same length. */
function sized(size: Size, create: (env: Env) => Json): string {
	const text = (variables: number): string =>
		JSON.stringify(
			create(
				Array.from({ length: variables }, (_, index) => {
					const number = String(index).padStart(5, '0');
					return { name: `SETTING_${number}`, value: `value-${number}` };
				}),
			),
		);
	// Each variable after the first one adds a comma.
	const oneBytes = text(1).length;
	const variableBytes = (text(101).length - oneBytes) / 100;
	return text(1 + Math.max(0, Math.round((SIZES_BYTES[size] - oneBytes) / variableBytes)));
}

/** The kind and resource of a Deployment in a review. */
export const DEPLOYMENT = {
	kind: { group: 'apps', version: 'v1', kind: 'Deployment' },
	resource: { group: 'apps', version: 'v1', resource: 'deployments' },
};

/** Returns the CREATE of `object` by the operator. */
export function reviewOf({ object, kind, resource }: { object: Json; kind: Json; resource: Json }): Json {
	const { name, namespace } = object['metadata'] as Json;
	const userInfo = { username: DEFAULT_OPERATOR_USERNAME };
	return {
		kind: 'AdmissionReview',
		apiVersion: 'admission.k8s.io/v1',
		request: {
			uid: '705ab4f5-6393-11e8-b7cc-42010a800002',
			...{ kind, resource, name, namespace, operation: 'CREATE', userInfo, object, oldObject: null, dryRun: false },
		},
	};
}

const OWNER = {
	...{ apiVersion: 'toolhive.stacklok.dev/v1alpha1', kind: SERVER.kind, name: SERVER.name, uid: UID },
	...{ controller: true, blockOwnerDeletion: true },
};
const labels = { app: 'mcpserver', 'toolhive-name': SERVER.name };
const metadata = (name: string): Json => ({
	...{ name, namespace: SERVER.namespace },
	labels: { app: 'mcpserver', toolhive: 'true', 'toolhive-name': SERVER.name },
	ownerReferences: [OWNER],
});

function deploymentWith(env: Env) {
	const container = { name: 'toolhive', image: 'ghcr.io/stacklok/toolhive/proxyrunner:v0.12.5', env };
	const template = { metadata: { labels }, spec: { containers: [container], terminationGracePeriodSeconds: 30 } };
	const spec = { replicas: 1, selector: { matchLabels: labels }, template };
	return {
		...DEPLOYMENT,
		object: { apiVersion: 'apps/v1', kind: 'Deployment', metadata: metadata(SERVER.name), spec },
	};
}

function runConfigWith(env: Env) {
	const env_vars = Object.fromEntries(env.map(({ name, value }) => [name, value]));
	const runConfig = { schema_version: 'v0.1.0', name: SERVER.name, transport: 'streamable-http', env_vars };
	const data = { 'runconfig.json': JSON.stringify(runConfig, null, 2) };
	return {
		kind: { group: '', version: 'v1', kind: 'ConfigMap' },
		resource: { group: '', version: 'v1', resource: 'configmaps' },
		object: { apiVersion: 'v1', kind: 'ConfigMap', metadata: metadata(`${SERVER.name}-runconfig`), data },
	};
}

function serverWith(env: Env, scaling: Json) {
	const { kind, name, namespace } = SERVER;
	const spec = { image: 'ghcr.io/example/github:1.0.0', transport: 'streamable-http', env, ...scaling };
	return {
		kind: { group: GROUP, version: 'v1alpha1', kind },
		resource: { group: GROUP, version: 'v1alpha1', resource: 'mcpservers' },
		object: { apiVersion: `${GROUP}/v1alpha1`, kind, metadata: { name, namespace, uid: UID }, spec },
	};
}
