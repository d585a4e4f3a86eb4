/** `POST /mutate`: selects the mutation for the resource of a request. */

import { GROUP, KIND_LIST, KINDS } from '../api/names.ts';
import type { Json, Server, ServerRef } from '../api/types.ts';
import { applyToConfigMap, configMapSuffixOf } from '../objects/config-map.ts';
import { createDeployment, replicasOf, updateDeployment } from '../objects/deployment.ts';
import { isBeingDeleted, isObjectName, ownersOf } from '../objects/metadata.ts';
import { applyToPod, podServerRef } from '../objects/pod.ts';
import { restoreErased } from '../objects/restore-erased.ts';
import { capScale } from '../objects/scale.ts';
import { isBackend, keepEnvOrder } from '../objects/stateful-set.ts';
import { decide } from '../policy/decide.ts';
import { scaleFindings } from '../policy/rules.ts';
import type { Settings } from '../policy/settings.ts';
import type { Cluster } from './cluster.ts';
import { type AdmissionDecision, allow, patched } from './response.ts';
import type { Request } from './review.ts';

const KIND_OF_RESOURCE = new Map(KIND_LIST.map((kind) => [`${GROUP}/${KINDS[kind].plural}`, kind]));

export function mutate(
	request: Request,
	cluster: Cluster,
	settings: Settings,
	signal: AbortSignal,
): AdmissionDecision | Promise<AdmissionDecision> {
	const { object, operation, resource, namespace } = request;
	if (object === undefined || (operation !== 'CREATE' && operation !== 'UPDATE')) return allow();
	if (isBeingDeleted(object)) return allow();
	if (KIND_OF_RESOURCE.has(resource)) return mutateServer(request, object, settings);
	// The namespace becomes part of URL paths. The API server sends only valid names, but any client may connect to the
	// port.
	if (!isObjectName(namespace)) return allow();
	switch (resource) {
		case 'apps/deployments':
			return mutateDeployment(request, object, cluster, settings, signal);
		case 'apps/deployments/scale':
			return mutateScale(request, object, cluster, signal);
		case 'apps/statefulsets':
			return mutateStatefulSet(request, object);
		case '/configmaps':
			return mutateConfigMap(request, object, cluster, settings, signal);
		case '/pods':
			return mutatePod(request, object, cluster, settings, signal);
		default:
			return allow();
	}
}

function mutateServer({ resource, oldObject, username }: Request, object: Json, settings: Settings): AdmissionDecision {
	const kind = KIND_OF_RESOURCE.get(resource);
	// Only an operator is corrected: any other client may remove a scaling field.
	if (kind === undefined || oldObject === undefined || !isOperator(username, settings)) return allow();
	return patched(object, restoreErased(kind, object, oldObject));
}

const isOperator = (username: string, settings: Settings): boolean => settings.operatorUsernames.includes(username);

function mutateDeployment(
	{ namespace, operation, oldObject = {}, username }: Request,
	object: Json,
	cluster: Cluster,
	settings: Settings,
	signal: AbortSignal,
): AdmissionDecision | Promise<AdmissionDecision> {
	return answerFor(findFirst(ownersOf(object, namespace), cluster, signal), (server) => {
		const decision = decide(server);
		const wanted =
			operation === 'CREATE'
				? createDeployment(object, server, decision, settings)
				: updateDeployment(object, oldObject, server, decision, settings, isOperator(username, settings));
		return patched(object, wanted, scaleFindings(server, replicasOf(object) ?? 0));
	});
}

async function mutateScale(
	{ namespace, name }: Request,
	object: Json,
	cluster: Cluster,
	signal: AbortSignal,
): Promise<AdmissionDecision> {
	if (!isObjectName(name)) return allow();
	const deployment = await cluster.findDeployment(namespace, name, signal);
	return answerFor(findFirst(deployment?.owners ?? [], cluster, signal), (server) => {
		const { scale, findings } = capScale(object, server);
		return patched(object, scale, findings);
	});
}

function mutateStatefulSet({ operation, oldObject }: Request, object: Json): AdmissionDecision {
	if (operation !== 'UPDATE' || oldObject === undefined || !isBackend(object)) return allow();
	return patched(object, keepEnvOrder(object, oldObject));
}

function mutateConfigMap(
	{ namespace }: Request,
	object: Json,
	cluster: Cluster,
	settings: Settings,
	signal: AbortSignal,
): AdmissionDecision | Promise<AdmissionDecision> {
	return answerFor(findFirst(ownersOf(object, namespace, configMapSuffixOf), cluster, signal), (server) => {
		const { configMap, findings } = applyToConfigMap(
			object,
			server,
			decide(server),
			cluster.clusterContextOf(server),
			settings.runConfigLayout,
		);
		return patched(object, configMap, findings);
	});
}

function mutatePod(
	{ operation, namespace }: Request,
	object: Json,
	cluster: Cluster,
	settings: Settings,
	signal: AbortSignal,
): AdmissionDecision | Promise<AdmissionDecision> {
	const ref = podServerRef(object, namespace);
	if (settings.passwordEnv !== 'pod' || operation !== 'CREATE' || ref === undefined) return allow();
	return answerFor(cluster.findServer(ref, signal), (server) =>
		patched(object, applyToPod(object, server, decide(server))),
	);
}

type Found = Server | undefined | Promise<Server | undefined>;

/**
 * Returns the first of `owners` that exists. A cache hit is returned without a promise, because a promise costs more
 * than a small review.
 */
function findFirst(owners: readonly ServerRef[], cluster: Cluster, signal: AbortSignal, from = 0): Found {
	for (const [index, owner] of owners.entries()) {
		if (index < from) continue;
		const found = cluster.findServer(owner, signal);
		if (found instanceof Promise) {
			return found.then((server) => server ?? findFirst(owners, cluster, signal, index + 1));
		}
		if (found !== undefined) return found;
	}
	return undefined;
}

/** Returns the `answer` for the server. An object without a server does not belong to ToolHive and is not changed. */
function answerFor(
	found: Found,
	answer: (server: Server) => AdmissionDecision,
): AdmissionDecision | Promise<AdmissionDecision> {
	if (found instanceof Promise) return found.then((server) => answerFor(server, answer));
	return found === undefined ? allow() : answer(found);
}
