/**
 * Prepares the cluster for one document in a golden case: creates the other manifests of the case, and the object that
 * an UPDATE changes. Each document has its own namespace, because several documents may contain different versions of
 * one object.
 */
import type { Request } from '../../src/admission/review.ts';
import { CHECKSUM_ANNOTATION, GROUP, isKind } from '../../src/api/names.ts';
import { isObject, type Json, metadataOf } from '../../src/api/types.ts';
import { checksumOf } from '../../src/objects/config-map.ts';
import { annotationOf, isBeingDeleted, withAnnotation } from '../../src/objects/metadata.ts';
import { requestOf } from '../../src/offline/admit.ts';
import type { Case } from '../cases/read-case.ts';
import type { Api, ApiAnswer } from '../harness/api.ts';
import { SERVED_BY } from '../harness/webhook-configurations.ts';

export interface Fixture {
	/** The write request, in the namespace of the fixture. */
	readonly request: Request;
	/** Moves an object from the case to the namespace of the fixture, and sets the servers there as its owners. */
	readonly here: (object: Json) => Json;
}

/** The namespace in the files of all cases. */
const CASE_NAMESPACE = 'demo';
/** The uid for owners that do not exist, because the API server requires a uid. */
const NO_UID = 'of-no-server';

/** Creates the namespace and the objects. The API server calls the product `servedBy` for this namespace. */
export async function prepare(api: Api, { name, documents }: Case, index: number, servedBy: string): Promise<Fixture> {
	const namespace = `${name}-${index + 1}`;
	const metadata = { name: namespace, labels: { [SERVED_BY]: servedBy } };
	await done(api.send('POST', '/api/v1/namespaces', { body: { metadata } }));
	const servers = new Map<string, Uids>();
	const here = (object: Json): Json => withOwners(inNamespace(object, namespace), servers);

	const document = requestIn(documents[index] ?? {});
	for (const object of clusterContextOf(document, documents)) {
		const stored = await create(api, here(object));
		if (!isKind(object['kind'])) continue;
		servers.set(identityOf(object), { inCase: metadataOf(object)['uid'], real: metadataOf(stored)['uid'] });
	}
	const { object, oldObject: _, ...rest } = document;
	return { here, request: { ...rest, namespace, ...(object !== undefined && { object: here(object) }) } };
}

/** Returns the paths of the object in a request, and of its collection. */
export function pathsOf({ resource, namespace, name, object = {} }: Request): { item: string; collection: string } {
	const [group, plural, ...subResource] = resource.split('/');
	const version = String(object['apiVersion']).split('/').at(-1);
	const collection = `${group === '' ? '/api' : `/apis/${group}`}/${version}/namespaces/${namespace}/${plural}`;
	return { collection, item: [collection, name, ...subResource].join('/') };
}

function requestIn(document: Json): Request {
	const request = requestOf(document, CASE_NAMESPACE, 'uid');
	if ('error' in request) throw new Error(request.error);
	return request;
}

/** Returns the objects to create. Servers are first, because they own the other objects. */
function clusterContextOf({ kind, object = {}, oldObject }: Request, documents: readonly Json[]): Json[] {
	const isScale = kind === 'Scale';
	const objects = new Map<string, Json>();
	for (const manifest of documents.filter((document) => document['kind'] !== 'AdmissionReview')) {
		const identity = identityOf(manifest);
		// Like the handlers, uses the first of several manifests with the same name.
		if (!objects.has(identity)) objects.set(identity, isScale ? scaledAs(oldObject ?? {}, manifest) : manifest);
	}
	objects.delete(identityOf(object));
	if (oldObject !== undefined && !isScale) objects.set(identityOf(oldObject), oldObject);
	return [...objects.values()].toSorted((a, b) => Number(isKind(b['kind'])) - Number(isKind(a['kind'])));
}

/** Sets the values of the Scale in its Deployment. Without controllers, no component counts the pods. */
function scaledAs(scale: Json, manifest: Json): Json {
	const isTarget = manifest['kind'] === 'Deployment' && metadataOf(manifest)['name'] === metadataOf(scale)['name'];
	if (!isTarget) return manifest;
	const part = (object: Json, name: string): Json => (object[name] ?? {}) as Json;
	const spec = { ...part(manifest, 'spec'), replicas: part(scale, 'spec')['replicas'] ?? 0 };
	return { ...manifest, spec, status: { replicas: part(scale, 'status')['replicas'] } };
}

const identityOf = (object: Json): string => {
	const { name, generateName } = metadataOf(object);
	return `${object['kind']}/${name ?? generateName}`;
};

/** Creates an object, and then writes its status and starts its deletion, which a CREATE cannot do. */
async function create(api: Api, object: Json): Promise<Json> {
	const { collection, item } = pathsOf(requestIn(object));
	const stored = await done(api.send('POST', collection, { body: object }));
	if (isObject(object['status'])) {
		await done(api.send('PUT', `${item}/status`, { body: { ...stored, status: object['status'] } }));
	}
	if (isBeingDeleted(object)) await done(api.send('DELETE', item));
	return stored;
}

async function done(sending: Promise<ApiAnswer>): Promise<Json> {
	const { status, body } = await sending;
	if (status >= 300) throw new Error(`the API server returned ${status}: ${String(body['message'])}`);
	return body;
}

/**
 * Moves an object to `namespace`. Also changes the addresses, because servers that share one Redis get a warning.
 * Updates the checksum if it was right.
 */
function inNamespace(object: Json, namespace: string): Json {
	const text = JSON.stringify(object)
		.replaceAll(`"${CASE_NAMESPACE}"`, `"${namespace}"`)
		.replaceAll('.svc:', `.${namespace}.svc:`);
	const moved = JSON.parse(text) as Json;
	const isRight = annotationOf(object, CHECKSUM_ANNOTATION) === checksumOf(object);
	return isRight ? withAnnotation(moved, CHECKSUM_ANNOTATION, checksumOf(moved)) : moved;
}

/** The uid of a server in the case, if the case has one, and its uid in the API server. */
interface Uids {
	readonly inCase: unknown;
	readonly real: unknown;
}

/** Sets the real uid in owner references without a uid, or with the uid from the case. A wrong uid stays wrong. */
function withOwners(object: Json, servers: ReadonlyMap<string, Uids>): Json {
	const { ownerReferences, ...metadata } = metadataOf(object);
	if (!Array.isArray(ownerReferences)) return object;
	const references = (ownerReferences as readonly Json[]).map((reference) => {
		if (!String(reference['apiVersion']).startsWith(`${GROUP}/`)) return reference;
		const { kind, name, uid } = reference;
		const server = servers.get(`${kind}/${name}`);
		const isRight = server !== undefined && (uid === undefined || uid === server.inCase);
		return { ...reference, uid: isRight ? server.real : (uid ?? NO_UID) };
	});
	return { ...object, metadata: { ...metadata, ownerReferences: references } };
}
