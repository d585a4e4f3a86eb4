/** Reconciles one server with the writes of operator v0.12.5, in the same order for an MCPServer. */
import { isDeepStrictEqual } from 'node:util';
import type { Client } from './client.ts';
import {
	CONTENT_CHECKSUM,
	configMapOf,
	deploymentOf,
	type Images,
	KINDS,
	type Kind,
	ownerOf,
	serviceOf,
} from './kinds.ts';
import type { Condition, ConfigMap, Deployment, KubeObject, ServerObject, Status } from './objects.ts';

const FINALIZER = 'mcpserver.toolhive.stacklok.dev/finalizer';
const RUNCONFIG_CHECKSUM = 'toolhive.stacklok.dev/runconfig-checksum';
const MESSAGE = 'Image validation was not performed (no enforcement configured)';
const VALIDATED = { type: 'ImageValidated', status: 'True', reason: 'ImageValidationSkipped', message: MESSAGE };
const NOT_READY = { type: 'Ready', status: 'False', reason: 'DeploymentNotReady', message: 'Deployment is not ready' };

/** Resolves with true if the operator would reconcile the server again soon, even without a change. */
export async function reconcile(client: Client, images: Images, kind: Kind, found: ServerObject): Promise<boolean> {
	const { name } = found.metadata;
	const server = kind === 'MCPServer' ? await beginMcpServer(client, found) : found;
	if (server === undefined) return false;
	for (const account of KINDS[kind].accounts(name)) await ensureServiceAccount(client, server, account);
	const checksum = await ensureConfigMap(client, kind, server);

	const desired = deploymentOf(kind, server, { [RUNCONFIG_CHECKSUM]: checksum }, images);
	const live = await client.get<Deployment>('apps/v1', 'deployments', name);
	if (live === undefined) {
		await client.create('deployments', desired);
		return true;
	}
	if (server.spec.transport === 'stdio' && (live.spec.replicas ?? 1) > 1) {
		await client.replace('deployments', { ...live, spec: { ...live.spec, replicas: 1 } });
		return true;
	}
	const service = serviceOf(kind, server);
	if ((await client.get('v1', 'services', service.metadata.name)) === undefined) {
		await client.create('services', service);
		return true;
	}
	const { namespace, generation = 0 } = server.metadata;
	const url = `http://${service.metadata.name}.${namespace}.svc.cluster.local:${KINDS[kind].port(server)}`;
	if (kind !== 'MCPServer') {
		const ready = kind === 'MCPRemoteProxy' ? [{ ...NOT_READY, observedGeneration: generation }] : [];
		await writeStatus(client, kind, server, { url, phase: 'Pending', observedGeneration: generation }, ...ready);
	} else if (!server.status?.url) await writeStatus(client, kind, server, { url });
	if (!needsUpdate(kind, live, desired)) return false;
	await client.replace('deployments', updated(live, desired));
	return true;
}

/** Resolves with undefined if the server is being deleted. */
async function beginMcpServer(client: Client, found: ServerObject): Promise<ServerObject | undefined> {
	let server = await writeStatus(client, 'MCPServer', found, {}, VALIDATED);
	const { finalizers = [] } = server.metadata;
	const withFinalizers = (list: readonly string[]) => {
		// The operator decodes the object into its Go type and writes all of it back, which erases other fields.
		const { replicas, backendReplicas, sessionStorage, ...spec } = server.spec as Readonly<Record<string, unknown>>;
		return client.replace('mcpservers', { ...server, metadata: { ...server.metadata, finalizers: list }, spec });
	};
	if (server.metadata.deletionTimestamp !== undefined) {
		const others = finalizers.filter((finalizer) => finalizer !== FINALIZER);
		if (others.length < finalizers.length) await withFinalizers(others);
		return;
	}
	if (!finalizers.includes(FINALIZER)) server = await withFinalizers([...finalizers, FINALIZER]);
	return writeStatus(client, 'MCPServer', server, { phase: 'Pending' });
}

/**
 * Sends the status even if nothing changed; the API server then stores nothing. Keeps the conditions of other types.
 * The conditions of this folder never change their status, so their lastTransitionTime stays.
 */
function writeStatus(
	client: Client,
	kind: Kind,
	server: ServerObject,
	change: Status,
	condition?: Condition,
): Promise<ServerObject> {
	let conditions = server.status?.conditions ?? [];
	if (condition !== undefined) {
		const index = conditions.findIndex(({ type }) => type === condition.type);
		const now = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
		const dated = { ...condition, lastTransitionTime: conditions[index]?.lastTransitionTime ?? now };
		conditions = index === -1 ? [...conditions, dated] : conditions.with(index, dated);
	}
	const status = { ...server.status, ...change, ...(conditions.length > 0 && { conditions }) };
	return client.replace(`${KINDS[kind].plural}/status`, { ...server, status });
}

async function ensureServiceAccount(client: Client, server: ServerObject, name: string): Promise<void> {
	if ((await client.get('v1', 'serviceaccounts', name)) !== undefined) return;
	const metadata = { name, namespace: server.metadata.namespace, ownerReferences: [ownerOf(server)] };
	await client.create<KubeObject>('serviceaccounts', { apiVersion: 'v1', kind: 'ServiceAccount', metadata });
}

/**
 * Creates the ConfigMap that the proxy mounts, or replaces its data, labels, annotations and owner if the stored values
 * differ. Returns the checksum from the **stored** annotation, because the operator copies that value into the pod
 * template.
 */
async function ensureConfigMap(client: Client, kind: Kind, server: ServerObject): Promise<string> {
	const created = configMapOf(kind, server, KINDS[kind].config.text(server));
	const { name } = created.metadata;
	const stored = await client.get<ConfigMap>('v1', 'configmaps', name);
	const desired = { ...created, metadata: { ...stored?.metadata, ...created.metadata } };
	if (stored === undefined) await client.create<ConfigMap>('configmaps', desired);
	else if (!isDeepStrictEqual(desired, stored)) await client.replace<ConfigMap>('configmaps', desired);
	const current = await client.get<ConfigMap>('v1', 'configmaps', name);
	const checksum = current?.metadata.annotations?.[CONTENT_CHECKSUM];
	if (!checksum) throw new Error(`ConfigMap ${name} has no content-checksum`);
	return checksum;
}

/** Compares more fields of a VirtualMCPServer or MCPRemoteProxy than the operator does. */
function needsUpdate(kind: Kind, live: Deployment, desired: Deployment): boolean {
	const [{ metadata, spec }, expected] = [live.spec.template, desired.spec.template];
	const [container] = spec.containers;
	const [other] = expected.spec.containers;
	if (container === undefined || other === undefined) return true;
	return (
		container.image !== other.image ||
		!isDeepStrictEqual(container.args, other.args) ||
		!isDeepStrictEqual(container.env ?? [], other.env) ||
		spec.serviceAccountName !== expected.spec.serviceAccountName ||
		!isDeepStrictEqual(live.metadata.labels, desired.metadata.labels) ||
		(kind !== 'MCPServer' && !isDeepStrictEqual(metadata.labels, expected.metadata.labels)) ||
		!isDeepStrictEqual(metadata.annotations, expected.metadata.annotations)
	);
}

/** Returns the live Deployment with the desired template and labels. Keeps live replicas and annotations. */
const updated = (live: Deployment, desired: Deployment): Deployment => ({
	...live,
	metadata: { ...live.metadata, labels: { ...desired.metadata.labels } },
	spec: { ...live.spec, selector: desired.spec.selector, template: desired.spec.template },
});
