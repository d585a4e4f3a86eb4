/** Reconciles a VirtualMCPServer in the same way as operator v0.12.5. */
import { randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { stringify } from 'yaml';
import { ensureConfigMap } from './config-map.ts';
import { omitEmpty } from './go-json.ts';
import type { Deployment, EnvVar, KubeObject, ServerObject, Service, Text } from './objects.ts';
import type { Context, Result } from './old-operator.ts';
import { writeStatus } from './typed.ts';
import {
	deploymentOf,
	ensureServiceAccount,
	isSubset,
	ownerOf,
	RUNCONFIG_CHECKSUM,
	sameText,
	serviceNeedsUpdate,
	serviceOf,
	updatedDeployment,
	updatedService,
	withRequiredEnv,
} from './workload.ts';

const RESOURCE = 'virtualmcpservers';
const APP = 'virtualmcpserver';
const PORT = 4483;

/** Never requeues, because the operator relies on its watch of the Deployment to trigger the next reconcile. */
export async function reconcileVirtualMcpServer(context: Context, found: ServerObject): Promise<Result> {
	const { client } = context;
	const { name, namespace, generation = 0 } = found.metadata;
	await ensureServiceAccount(client, found, `${name}-vmcp`);
	await ensureSecret(context, found);
	const checksum = await ensureConfigMap(client, found, `${name}-vmcp-config`, configLabels(name), {
		'config.yaml': configOf(found),
	});

	const wanted = wantedDeployment(context, found, checksum);
	const live = await client.get<Deployment>('apps/v1', 'deployments', name);
	if (live === undefined) await client.create('deployments', wanted);
	else if (needsUpdate(live, wanted)) await client.replace('deployments', updatedDeployment(live, wanted));

	const serviceName = `vmcp-${name}`;
	const wantedService = serviceOf(found, APP, serviceName, PORT, found.spec.serviceType || 'ClusterIP');
	const service = await client.get<Service>('v1', 'services', serviceName);
	if (service === undefined) await client.create('services', wantedService);
	else if (serviceNeedsUpdate(service, wantedService)) {
		await client.replace('services', updatedService(service, wantedService));
	}

	const url = `http://${serviceName}.${namespace}.svc.cluster.local:${PORT}`;
	const phase = found.status?.phase ?? 'Pending';
	const wantedStatus = { ...found.status, phase, url, observedGeneration: generation };
	// The operator writes the status only if it changed.
	if (!isDeepStrictEqual({ ...found.status }, wantedStatus)) await writeStatus(client, RESOURCE, found, wantedStatus);
	return { requeue: false };
}

const CONFIG_KEYS = [
	'groupRef',
	'backends',
	'incomingAuth',
	'outgoingAuth',
	'aggregation',
	'compositeTools',
	'compositeToolRefs',
	'operational',
	'metadata',
	'telemetry',
	'audit',
	'optimizer',
];

const CONFIG_DEFAULTS = {
	outgoingAuth: { source: 'discovered' },
	aggregation: { conflictResolution: 'prefix', conflictResolutionConfig: { prefixFormat: '{workload}_' } },
	operational: {
		timeouts: { default: '30s' },
		failureHandling: {
			healthCheckInterval: '30s',
			unhealthyThreshold: 3,
			statusReportingInterval: '30s',
			partialFailureMode: 'fail',
			circuitBreaker: { failureThreshold: 5, timeout: '1m0s' },
		},
	},
};

/** Keeps the key order of the Go struct. Drops `sessionStorage` of `spec.config`, because the Go struct lacks it. */
function configOf({ metadata, spec }: ServerObject): string {
	const incomingAuth = { type: spec.incomingAuth?.type ?? 'anonymous' };
	const all: Readonly<Record<string, unknown>> = { incomingAuth, ...CONFIG_DEFAULTS, ...spec.config };
	const known = omitEmpty(Object.fromEntries(CONFIG_KEYS.map((key) => [key, all[key]])));
	return stringify({ name: metadata.name, ...known }, { indent: 4, lineWidth: 0, singleQuote: true });
}

const configLabels = (name: string): Text => ({
	'toolhive.stacklok.io/component': 'vmcp-config',
	'toolhive.stacklok.io/virtual-mcp-server': name,
	'toolhive.stacklok.io/managed-by': 'toolhive-operator',
});

async function ensureSecret({ client }: Context, server: ServerObject): Promise<void> {
	const name = `${server.metadata.name}-hmac-secret`;
	if ((await client.get('v1', 'secrets', name)) !== undefined) return;
	const metadata = { name, namespace: server.metadata.namespace, ownerReferences: [ownerOf(server)] };
	const stringData = { 'hmac-secret': randomBytes(32).toString('base64') };
	const secret: KubeObject & { readonly stringData: Text } = { apiVersion: 'v1', kind: 'Secret', metadata, stringData };
	await client.create('secrets', secret);
}

function wantedDeployment({ images }: Context, server: ServerObject, checksum: string): Deployment {
	const { name, namespace } = server.metadata;
	const hmac = { secretKeyRef: { name: `${name}-hmac-secret`, key: 'hmac-secret' } };
	const env: EnvVar[] = [
		{ name: 'VMCP_NAME', value: name },
		{ name: 'VMCP_NAMESPACE', value: namespace },
		{ name: 'VMCP_SESSION_HMAC_SECRET', valueFrom: hmac },
	];
	return deploymentOf(server, {
		app: APP,
		container: {
			name: 'vmcp',
			image: images.vmcp,
			args: ['serve', '--config=/etc/vmcp-config/config.yaml', '--host=0.0.0.0', `--port=${PORT}`],
			resources: { limits: { cpu: '500m', memory: '512Mi' }, requests: { cpu: '100m', memory: '128Mi' } },
			imagePullPolicy: 'IfNotPresent',
		},
		port: PORT,
		env: withRequiredEnv(env),
		config: { volume: 'vmcp-config', configMap: `${name}-vmcp-config`, mountPath: '/etc/vmcp-config' },
		readinessDelaySeconds: 15,
		serviceAccountName: `${name}-vmcp`,
		templateAnnotations: { [RUNCONFIG_CHECKSUM]: checksum },
	});
}

function needsUpdate(live: Deployment, wanted: Deployment): boolean {
	const [container] = live.spec.template.spec.containers;
	const [expected] = wanted.spec.template.spec.containers;
	if (container === undefined || expected === undefined) return true;
	return (
		container.image !== expected.image ||
		!isDeepStrictEqual(container.args, expected.args) ||
		container.ports?.[0]?.containerPort !== PORT ||
		!isDeepStrictEqual(container.env ?? [], expected.env) ||
		live.spec.template.spec.serviceAccountName !== wanted.spec.template.spec.serviceAccountName ||
		!isSubset(wanted.metadata.labels, live.metadata.labels) ||
		!isSubset(wanted.metadata.annotations, live.metadata.annotations) ||
		!sameText(live.spec.template.metadata.labels, wanted.spec.template.metadata.labels) ||
		!sameText(live.spec.template.metadata.annotations, wanted.spec.template.metadata.annotations)
	);
}
