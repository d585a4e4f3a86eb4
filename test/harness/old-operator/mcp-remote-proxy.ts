/** Reconciles an MCPRemoteProxy in the same way as operator v0.12.5. */
import { isDeepStrictEqual } from 'node:util';
import { ensureConfigMap } from './config-map.ts';
import type { Deployment, ServerObject, Service, Text } from './objects.ts';
import type { Context, Result } from './old-operator.ts';
import { proxyPortOf, runConfigOfRemoteProxy } from './run-config.ts';
import { withCondition, writeStatus } from './typed.ts';
import {
	deploymentOf,
	ensureServiceAccount,
	isSubset,
	RUNCONFIG_CHECKSUM,
	sameText,
	serviceNeedsUpdate,
	serviceOf,
	updatedDeployment,
	updatedService,
	withRequiredEnv,
} from './workload.ts';

const RESOURCE = 'mcpremoteproxies';
const APP = 'mcpremoteproxy';

/**
 * Never requeues. In the operator, inner functions request a requeue after an update, but the caller ignores the
 * request.
 */
export async function reconcileMcpRemoteProxy(context: Context, found: ServerObject): Promise<Result> {
	const { client } = context;
	const { name, namespace, generation = 0 } = found.metadata;
	if (!found.spec.remoteURL) {
		await writeStatus(client, RESOURCE, found, {
			phase: 'Failed',
			message: 'Validation failed: remoteURL is required',
		});
		throw new Error(`MCPRemoteProxy ${name}: remoteURL is required`);
	}
	const account = `${name}-remote-proxy-runner`;
	await ensureServiceAccount(client, found, account);
	const checksum = await ensureConfigMap(client, found, `${name}-runconfig`, configLabels(name), {
		'runconfig.json': runConfigOfRemoteProxy(found),
	});

	const wanted = wantedDeployment(context, found, account, checksum);
	const live = await client.get<Deployment>('apps/v1', 'deployments', name);
	if (live === undefined) await client.create('deployments', wanted);
	else if (needsUpdate(live, wanted)) await client.replace('deployments', updatedDeployment(live, wanted));

	const serviceName = `mcp-${name}-remote-proxy`;
	const wantedService = serviceOf(found, APP, serviceName, proxyPortOf(found));
	const service = await client.get<Service>('v1', 'services', serviceName);
	if (service === undefined) await client.create('services', wantedService);
	else if (serviceNeedsUpdate(service, wantedService)) {
		await client.replace('services', updatedService(service, wantedService));
	}

	const url = `http://${serviceName}.${namespace}.svc.cluster.local:${proxyPortOf(found)}`;
	const withUrl = found.status?.url ? found : await writeStatus(client, RESOURCE, found, { url });
	const ready = { type: 'Ready', status: 'False', reason: 'DeploymentNotReady', message: 'Deployment is not ready' };
	await writeStatus(client, RESOURCE, withUrl, {
		phase: 'Pending',
		observedGeneration: generation,
		conditions: withCondition(withUrl.status?.conditions, { ...ready, observedGeneration: generation }),
	});
	return { requeue: false };
}

const configLabels = (name: string): Text => ({
	'toolhive.stacklok.io/component': 'run-config',
	'toolhive.stacklok.io/mcp-remote-proxy': name,
	'toolhive.stacklok.io/managed-by': 'toolhive-operator',
});

function wantedDeployment({ images }: Context, server: ServerObject, account: string, checksum: string): Deployment {
	const { name } = server.metadata;
	const override = server.spec.resourceOverrides?.proxyDeployment;
	return deploymentOf(server, {
		app: APP,
		container: {
			name: 'toolhive',
			image: images.runner,
			args: ['run', '--foreground=true', 'placeholder-for-remote-proxy'],
			resources: {},
		},
		port: proxyPortOf(server),
		env: withRequiredEnv(override?.env ?? []),
		config: { volume: 'runconfig', configMap: `${name}-runconfig`, mountPath: '/etc/runconfig' },
		readinessDelaySeconds: 15,
		serviceAccountName: account,
		...(override?.labels ? { labels: override.labels } : {}),
		...(override?.annotations ? { annotations: override.annotations } : {}),
		templateAnnotations: { [RUNCONFIG_CHECKSUM]: checksum },
	});
}

/** Ignores the container arguments, because the operator does not compare them for an MCPRemoteProxy. */
function needsUpdate(live: Deployment, wanted: Deployment): boolean {
	const [container] = live.spec.template.spec.containers;
	const [expected] = wanted.spec.template.spec.containers;
	if (container === undefined || expected === undefined) return true;
	const account = live.spec.template.spec.serviceAccountName;
	return (
		container.image !== expected.image ||
		container.ports?.[0]?.containerPort !== expected.ports?.[0]?.containerPort ||
		!isDeepStrictEqual(container.env ?? [], expected.env) ||
		!isDeepStrictEqual(container.resources, expected.resources) ||
		(Boolean(account) && account !== wanted.spec.template.spec.serviceAccountName) ||
		!sameText(live.metadata.labels, wanted.metadata.labels) ||
		!isSubset(wanted.metadata.annotations, live.metadata.annotations) ||
		!sameText(live.spec.template.metadata.labels, wanted.spec.template.metadata.labels) ||
		!sameText(live.spec.template.metadata.annotations, wanted.spec.template.metadata.annotations)
	);
}
