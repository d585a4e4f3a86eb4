/** Reconciles an MCPServer with the steps of operator v0.12.5, in the same order. */
import { isDeepStrictEqual } from 'node:util';
import { ensureConfigMap } from './config-map.ts';
import { compactGoJson } from './go-json.ts';
import type { Deployment, Pod, ServerObject, Service, Status } from './objects.ts';
import type { Context, Result } from './old-operator.ts';
import { proxyPortOf, runConfigOfMcpServer } from './run-config.ts';
import { typedMcpServer, withCondition, writeStatus } from './typed.ts';
import {
	deploymentOf,
	ensureServiceAccount,
	isSubset,
	labelsOf,
	RUNCONFIG_CHECKSUM,
	sameText,
	serviceNeedsUpdate,
	serviceOf,
	updatedDeployment,
	updatedService,
	withRequiredEnv,
} from './workload.ts';

const RESOURCE = 'mcpservers';
const APP = 'mcpserver';
const FINALIZER = 'mcpserver.toolhive.stacklok.dev/finalizer';
const AGAIN: Result = { requeue: true };
const DONE: Result = { requeue: false };

export async function reconcileMcpServer(context: Context, found: ServerObject): Promise<Result> {
	const { client } = context;
	let server = await writeValidationConditions(context, found);
	const { name, namespace, finalizers = [] } = server.metadata;

	if (server.metadata.deletionTimestamp !== undefined) {
		if (!finalizers.includes(FINALIZER)) return DONE;
		server = await writeStatus(client, RESOURCE, server, {
			phase: 'Terminating',
			message: 'MCP server is being terminated',
		});
		const rest = finalizers.filter((finalizer) => finalizer !== FINALIZER);
		await client.replace(RESOURCE, typedMcpServer({ ...server, metadata: { ...server.metadata, finalizers: rest } }));
		return DONE;
	}
	if (!finalizers.includes(FINALIZER)) {
		// This write erases replicas, backendReplicas and sessionStorage.
		const metadata = { ...server.metadata, finalizers: [...finalizers, FINALIZER] };
		server = await client.replace(RESOURCE, typedMcpServer({ ...server, metadata }));
	}
	server = await writeStatus(client, RESOURCE, server, await podStatus(context, server));
	for (const account of [`${name}-proxy-runner`, `${name}-sa`]) await ensureServiceAccount(client, server, account);

	const checksum = await ensureConfigMap(client, server, `${name}-runconfig`, configLabels(name), {
		'runconfig.json': runConfigOfMcpServer(server),
	});
	const wanted = wantedDeployment(context, server, checksum);
	const live = await client.get<Deployment>('apps/v1', 'deployments', name);
	if (live === undefined) {
		await client.create('deployments', wanted);
		return AGAIN;
	}
	if (server.spec.transport === 'stdio' && (live.spec.replicas ?? 1) > 1) {
		await client.replace('deployments', { ...live, spec: { ...live.spec, replicas: 1 } });
		return AGAIN;
	}

	const serviceName = `mcp-${name}-proxy`;
	const override = server.spec.resourceOverrides?.proxyService?.annotations;
	const plain = serviceOf(server, APP, serviceName, proxyPortOf(server));
	const wantedService = override ? { ...plain, metadata: { ...plain.metadata, annotations: override } } : plain;
	const service = await client.get<Service>('v1', 'services', serviceName);
	if (service === undefined) {
		await client.create('services', wantedService);
		return AGAIN;
	}
	if (!server.status?.url) {
		const suffix = server.spec.transport === 'sse' || server.spec.proxyMode === 'sse' ? `sse#${name}` : 'mcp';
		const url = `http://${serviceName}.${namespace}.svc.cluster.local:${proxyPortOf(server)}/${suffix}`;
		server = await writeStatus(client, RESOURCE, server, { url });
	}
	if (deploymentNeedsUpdate(live, wanted, server, checksum)) {
		// While the Deployment needs an update at every reconcile, the operator does not update the Service below.
		await client.replace('deployments', updatedDeployment(live, wanted));
		return AGAIN;
	}
	if (serviceNeedsUpdate(service, wantedService)) {
		await client.replace('services', updatedService(service, wantedService));
		return AGAIN;
	}
	return DONE;
}

/** Writes the status once for each condition, at every reconcile. */
async function writeValidationConditions({ client }: Context, server: ServerObject): Promise<ServerObject> {
	const { groupRef } = server.spec;
	let current = server;
	if (groupRef) {
		const group = await client.get<ServerObject>(server.apiVersion, 'mcpgroups', groupRef);
		const valid = group?.status?.phase === 'Ready';
		const reason = valid ? 'GroupRefIsValid' : group === undefined ? 'GroupRefNotFound' : 'GroupRefNotReady';
		const validation = {
			type: 'GroupRefValidated',
			status: valid ? 'True' : 'False',
			reason,
			message: `MCPGroup '${groupRef}'`,
		};
		const { generation: observedGeneration = 0 } = server.metadata;
		const conditions = withCondition(server.status?.conditions, { ...validation, observedGeneration });
		current = await writeStatus(client, RESOURCE, server, { conditions });
	}
	const message = 'Image validation was not performed (no enforcement configured)';
	const image = { type: 'ImageValidated', status: 'True', reason: 'ImageValidationSkipped', message };
	return writeStatus(client, RESOURCE, current, { conditions: withCondition(current.status?.conditions, image) });
}

async function podStatus({ client }: Context, server: ServerObject): Promise<Status> {
	const { name } = server.metadata;
	const deployment = await client.get<Deployment>('apps/v1', 'deployments', name);
	if (deployment?.spec.replicas === 0) return { phase: 'Stopped', message: 'MCP server is stopped (scaled to zero)' };
	const selector = Object.entries(labelsOf(APP, name)).map(([key, value]) => `${key}=${value}`);
	const pods = await client.list<Pod>('v1', 'pods', selector.join());
	if (pods.length === 0) return { phase: 'Pending', message: 'MCP server is being created' };
	const isReady = (pod: Pod) =>
		pod.metadata.deletionTimestamp === undefined &&
		pod.status?.phase === 'Running' &&
		(pod.status.conditions ?? []).some(({ type, status }) => type === 'Ready' && status === 'True');
	const readyReplicas = pods.filter(isReady).length;
	if (readyReplicas === 0) return { phase: 'Pending', message: 'MCP server is starting' };
	return { phase: 'Running', message: 'MCP server is running', readyReplicas };
}

const configLabels = (name: string) => ({
	'toolhive.stacklok.io/component': 'run-config',
	'toolhive.stacklok.io/mcp-server': name,
	'toolhive.stacklok.io/managed-by': 'toolhive-operator',
});

const podPatchOf = (name: string): string =>
	`--k8s-pod-patch=${compactGoJson({ metadata: {}, spec: { containers: [], serviceAccountName: `${name}-sa` } })}`;

function wantedDeployment({ images }: Context, server: ServerObject, checksum: string): Deployment {
	const { name } = server.metadata;
	const override = server.spec.resourceOverrides?.proxyDeployment;
	const { limits = {}, requests = {} } = server.spec.resources ?? {};
	const templateOverride = override?.podTemplateMetadataOverrides?.annotations;
	return deploymentOf(server, {
		app: APP,
		container: {
			name: 'toolhive',
			image: images.runner,
			args: ['run', podPatchOf(name), server.spec.image ?? ''],
			resources: {
				...(Object.keys(limits).length > 0 ? { limits } : {}),
				...(Object.keys(requests).length > 0 ? { requests } : {}),
			},
		},
		port: proxyPortOf(server),
		env: withRequiredEnv(override?.env ?? []),
		config: { volume: 'runconfig', configMap: `${name}-runconfig`, mountPath: '/etc/runconfig' },
		readinessDelaySeconds: 5,
		serviceAccountName: `${name}-proxy-runner`,
		...(override?.labels ? { labels: override.labels } : {}),
		...(override?.annotations ? { annotations: override.annotations } : {}),
		// This is a bug of v0.12.5: template annotations that a user sets replace the checksum. The comparison then
		// finds a difference at every reconcile.
		templateAnnotations: templateOverride
			? { ...override?.annotations, ...templateOverride }
			: { [RUNCONFIG_CHECKSUM]: checksum },
	});
}

function deploymentNeedsUpdate(live: Deployment, wanted: Deployment, server: ServerObject, checksum: string): boolean {
	const [container] = live.spec.template.spec.containers;
	const [expected] = wanted.spec.template.spec.containers;
	if (container === undefined || expected === undefined) return true;
	const account = live.spec.template.spec.serviceAccountName;
	const templateOverride = server.spec.resourceOverrides?.proxyDeployment?.podTemplateMetadataOverrides?.annotations;
	return (
		container.image !== expected.image ||
		!container.args.includes(server.spec.image ?? '') ||
		!container.args.includes(podPatchOf(server.metadata.name)) ||
		container.ports?.[0]?.containerPort !== proxyPortOf(server) ||
		!isDeepStrictEqual(container.env ?? [], expected.env) ||
		!isDeepStrictEqual(container.resources, expected.resources) ||
		(Boolean(account) && account !== wanted.spec.template.spec.serviceAccountName) ||
		!sameText(live.metadata.labels, wanted.metadata.labels) ||
		!isSubset(wanted.metadata.annotations, live.metadata.annotations) ||
		!sameText(live.spec.template.metadata.annotations, { ...templateOverride, [RUNCONFIG_CHECKSUM]: checksum })
	);
}
