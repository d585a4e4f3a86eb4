/**
 * Finds Deployments and ConfigMaps that lack an ownerReference to their server, as after a restored backup. The
 * webhooks skip such objects.
 */
import { isOfToolhive, LABEL_MANAGED_BY, MANAGED_BY_OPERATOR } from '../api/names.ts';
import { type Json, metadataOf, type Server, type ServerRef } from '../api/types.ts';
import { configMapSuffixOf } from '../objects/config-map.ts';
import { configMapServerRef, deploymentServerRef } from '../objects/labelled.ts';
import { isBeingDeleted, namespaceOf, ownersOf } from '../objects/metadata.ts';
import { type CheckResult, fail, notMade, ok } from './check-result.ts';
import { mergePatch, namespaceFlag, shellWord } from './commands.ts';
import type { DoctorCheck } from './context.ts';
import { objectsIn } from './installation.ts';

export interface ServerObject {
	readonly kind: 'Deployment' | 'ConfigMap';
	readonly name: string;
	/** The server that the object's name and labels identify. */
	readonly server: ServerRef;
	readonly owners: readonly ServerRef[];
	readonly ownerReferences: readonly Json[];
}

export interface StoredServer extends Server {
	/** The API version that the API server lists. */
	readonly apiVersion: string;
}

export const checkOwners: DoctorCheck = async ({ cluster, servers, proxies }) => {
	const known = await servers();
	const listConfigMaps = () => cluster.listConfigMaps(configMapOfServer, `${LABEL_MANAGED_BY}=${MANAGED_BY_OPERATOR}`);
	const check = async (kind: ServerObject['kind'], list: () => Promise<readonly ServerObject[]>) => {
		const result = list().then((found) => owners(kind, known, found));
		return result.catch((error: Error) => [notMade(error)]);
	};
	return (await Promise.all([check('Deployment', proxies), check('ConfigMap', listConfigMaps)])).flat();
};

export const deploymentOfServer = (object: Json): ServerObject | undefined => {
	const namespace = namespaceOf(object, '');
	return serverObject('Deployment', object, deploymentServerRef(object, namespace), ownersOf(object, namespace));
};

export const configMapOfServer = (object: Json): ServerObject | undefined => {
	const namespace = namespaceOf(object, '');
	const owners = ownersOf(object, namespace, configMapSuffixOf);
	return serverObject('ConfigMap', object, configMapServerRef(object, namespace), owners);
};

function serverObject(
	kind: ServerObject['kind'],
	object: Json,
	server: ServerRef | undefined,
	owners: readonly ServerRef[],
): ServerObject | undefined {
	if (server === undefined || isBeingDeleted(object)) return undefined;
	const { name, ownerReferences } = metadataOf(object);
	return { kind, name: String(name), server, owners, ownerReferences: objectsIn(ownerReferences) };
}

export function owners(
	kind: ServerObject['kind'],
	servers: readonly StoredServer[],
	found: readonly ServerObject[],
): CheckResult[] {
	const byKey = new Map(servers.map((server) => [keyOf(server), server]));
	const results = found.flatMap((object) => {
		const server = byKey.get(keyOf(object.server));
		const isOwned = object.owners.some((owner) => owner.kind === server?.kind && owner.uid === server.uid);
		return server === undefined || isOwned ? [] : [notOwned(object, server)];
	});
	return results.length > 0 ? results : [ok(`every ${kind} of a server`, `is owned by it (${found.length} checked)`)];
}

const keyOf = ({ kind, namespace, name }: ServerRef): string => `${kind}/${namespace}/${name}`;

function notOwned({ kind, name, ownerReferences }: ServerObject, server: StoredServer): CheckResult {
	const message = `is not owned by ${server.kind} ${server.name}: scaling settings are not applied to it`;
	const object = `${kind.toLowerCase()} ${shellWord(name)} ${namespaceFlag(server.namespace)}`;
	// The reference to a deleted server of the same name is replaced, because an object has at most one controller.
	const isDeleted = (one: Json): boolean =>
		isOfToolhive(one['apiVersion']) && one['kind'] === server.kind && one['name'] === server.name;
	const others = ownerReferences.filter((one) => !isDeleted(one));
	const controller = others.find((one) => one['controller'] === true);
	const fix =
		controller === undefined
			? mergePatch(object, patchOf(server, others))
			: `rename the server, or remove controller ${controller['kind']} ${controller['name']}: kubectl edit ${object}`;
	return fail(`${kind} ${server.namespace}/${name}`, message, fix);
}

/** Omits blockOwnerDeletion: OpenShift would require permission to update the server's finalizers. */
const patchOf = ({ apiVersion, kind, name, uid }: StoredServer, others: readonly Json[]): Json => ({
	metadata: { ownerReferences: [{ apiVersion, kind, name, uid, controller: true }, ...others] },
});
