/** `POST /mutate`: which rule goes with which resource. Pure but for the look-ups it is given. */
import { applyToConfigMap, configMapSuffixOf } from '../objects/config-map.ts';
import { createDeployment, proxyDeploymentOf, updateDeployment } from '../objects/deployment.ts';
import { isBeingDeleted, ownersOf } from '../objects/metadata.ts';
import { applyToPod, podServerRef } from '../objects/pod.ts';
import { capScale, heldAtCap } from '../objects/scale.ts';
import { restoreErased } from '../objects/server.ts';
import { decide, notIgnored } from '../policy/decide.ts';
import type { Settings } from '../policy/settings.ts';
import { GROUP, KIND_LIST, KINDS } from '../toolhive/names.ts';
import type { Json, Server, ServerRef } from '../toolhive/types.ts';
import { type Answer, allow, patched } from './answer.ts';
import type { Cluster } from './cluster.ts';
import type { Request } from './review.ts';

const KIND_OF_RESOURCE = new Map(KIND_LIST.map((kind) => [`${GROUP}/${KINDS[kind].plural}`, kind]));

export async function mutate(
	request: Request,
	cluster: Cluster,
	settings: Settings,
	signal: AbortSignal,
): Promise<Answer> {
	const { object, operation, resource } = request;
	if (object === undefined || (operation !== 'CREATE' && operation !== 'UPDATE')) return allow();
	if (isBeingDeleted(object)) return allow();
	switch (resource) {
		case 'apps/deployments':
			return mutateDeployment(request, object, cluster, settings, signal);
		case 'apps/deployments/scale':
			return mutateScale(request, object, cluster, signal);
		case '/configmaps':
			return mutateConfigMap(request, object, cluster, settings, signal);
		case '/pods':
			return mutatePod(request, object, cluster, settings, signal);
		default:
			return mutateServer(request, object, settings);
	}
}

function mutateServer({ resource, oldObject, username }: Request, object: Json, settings: Settings): Answer {
	const kind = KIND_OF_RESOURCE.get(resource);
	// A person who removes a field is obeyed.
	if (kind === undefined || oldObject === undefined || !settings.operatorUsernames.includes(username)) return allow();
	return patched(object, restoreErased(kind, object, oldObject));
}

async function mutateDeployment(
	{ namespace, operation, oldObject = {} }: Request,
	object: Json,
	cluster: Cluster,
	settings: Settings,
	signal: AbortSignal,
): Promise<Answer> {
	const server = await findFirst(ownersOf(object, namespace), cluster, signal);
	if (server === undefined) return allow();
	const decision = decide(server);
	if (operation === 'CREATE') return patched(object, createDeployment(object, server, decision, settings));
	const updated = updateDeployment(object, oldObject, server, decision, settings);
	const sent = proxyDeploymentOf(object).replicas ?? 0;
	const isCapped = (proxyDeploymentOf(updated).replicas ?? 0) !== sent;
	return patched(object, updated, isCapped ? notIgnored([heldAtCap(server, sent)], server) : []);
}

async function mutateScale(
	{ namespace, name }: Request,
	object: Json,
	cluster: Cluster,
	signal: AbortSignal,
): Promise<Answer> {
	const deployment = await cluster.findDeployment(namespace, name, signal);
	const owner = deployment?.owner;
	if (owner === undefined) return allow();
	const server = await cluster.findServer(owner, signal);
	if (server === undefined) return allow();
	const { scale, findings } = capScale(object, server);
	return patched(object, scale, notIgnored(findings, server));
}

async function mutateConfigMap(
	{ namespace }: Request,
	object: Json,
	cluster: Cluster,
	settings: Settings,
	signal: AbortSignal,
): Promise<Answer> {
	const server = await findFirst(ownersOf(object, namespace, configMapSuffixOf), cluster, signal);
	if (server === undefined) return allow();
	const { configMap, findings } = applyToConfigMap(
		object,
		server,
		decide(server),
		cluster.surroundingsOf(server),
		settings.runConfigLayout,
	);
	return patched(object, configMap, notIgnored(findings, server));
}

async function mutatePod(
	{ operation, namespace }: Request,
	object: Json,
	cluster: Cluster,
	settings: Settings,
	signal: AbortSignal,
): Promise<Answer> {
	const ref = podServerRef(object, namespace);
	if (settings.passwordEnv !== 'pod' || operation !== 'CREATE' || ref === undefined) return allow();
	const server = await cluster.findServer(ref, signal);
	return server === undefined ? allow() : patched(object, applyToPod(object, server, decide(server)));
}

/** The first of `owners` that exists. */
async function findFirst(
	owners: readonly ServerRef[],
	cluster: Cluster,
	signal: AbortSignal,
): Promise<Server | undefined> {
	for (const owner of owners) {
		const server = await cluster.findServer(owner, signal);
		if (server !== undefined) return server;
	}
	return undefined;
}
