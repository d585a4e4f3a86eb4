/**
 * The cluster before one document of a golden case is written: the other manifests of the case, and the object that an UPDATE changes. Each
 * document has its own namespace: several documents may have different versions of one object, and the whole case is the cluster of each.
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
	/** The write, in this namespace. */
	readonly request: Request;
	/** An object of the case as it is here: in this namespace, owned by the servers that exist here. */
	readonly here: (object: Json) => Json;
}

/** The namespace of all cases. */
const CASE_NAMESPACE = 'demo';
/** Of owners that do not exist: the API server requires one. */
const NO_UID = 'of-no-server';

/** `servedBy`: the product that is called for this namespace. */
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

/** Paths of the object of a request, and of its collection. */
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

/** Servers first, because they own the other objects. */
function clusterContextOf({ kind, object = {}, oldObject }: Request, documents: readonly Json[]): Json[] {
	const isScale = kind === 'Scale';
	const objects = new Map<string, Json>();
	for (const manifest of documents.filter((document) => document['kind'] !== 'AdmissionReview')) {
		const identity = identityOf(manifest);
		// As for the handlers, the first one of several manifests with one name.
		if (!objects.has(identity)) objects.set(identity, isScale ? scaledAs(oldObject ?? {}, manifest) : manifest);
	}
	objects.delete(identityOf(object));
	if (oldObject !== undefined && !isScale) objects.set(identityOf(oldObject), oldObject);
	return [...objects.values()].toSorted((a, b) => Number(isKind(b['kind'])) - Number(isKind(a['kind'])));
}

/** A Scale is read from its Deployment. Without controllers, no client counts its pods. */
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

/** With status and the start of a deletion, which a CREATE does not have. */
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

/** Addresses are those of this namespace too, because servers with one Redis get a warning. A right checksum stays right. */
function inNamespace(object: Json, namespace: string): Json {
	const text = JSON.stringify(object)
		.replaceAll(`"${CASE_NAMESPACE}"`, `"${namespace}"`)
		.replaceAll('.svc:', `.${namespace}.svc:`);
	const moved = JSON.parse(text) as Json;
	const isRight = annotationOf(object, CHECKSUM_ANNOTATION) === checksumOf(object);
	return isRight ? withAnnotation(moved, CHECKSUM_ANNOTATION, checksumOf(moved)) : moved;
}

/** The uid of a server in the case, if it has one, and in the API server. */
interface Uids {
	readonly inCase: unknown;
	readonly real: unknown;
}

/** A reference without uid, or with the uid of the case, gets the real one; a wrong one stays wrong. */
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
