/**
 * What is there before one document of a golden case is written: the other manifests of the case, and the object that an
 * UPDATE changes. Every document has a namespace of its own, because to the handlers, too, the whole case is the cluster of
 * each document, whatever stands before or after it, and several documents may tell different stories of one object.
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

export interface Scene {
	/** What is to be written, in this namespace. */
	readonly request: Request;
	/** An object of the case as it is here: in this namespace, owned by the servers that are here. */
	readonly here: (object: Json) => Json;
}

/** The namespace in which all cases play. */
const CASE_NAMESPACE = 'demo';
/** Of owners that do not exist: the API server asks for one. */
const NO_UID = 'of-no-server';

/** `servedBy`: which of the products is to be asked about what is written here. */
export async function setScene(api: Api, { name, documents }: Case, index: number, servedBy: string): Promise<Scene> {
	const namespace = `${name}-${index + 1}`;
	const metadata = { name: namespace, labels: { [SERVED_BY]: servedBy } };
	await done(api.send('POST', '/api/v1/namespaces', { body: { metadata } }));
	const servers = new Map<string, Uids>();
	const here = (object: Json): Json => withOwners(inNamespace(object, namespace), servers);

	const document = requestIn(documents[index] ?? {});
	for (const object of clusterContextOf(document, documents)) {
		const stored = await create(api, here(object));
		if (!isKind(object['kind'])) continue;
		servers.set(identityOf(object), { told: metadataOf(object)['uid'], real: metadataOf(stored)['uid'] });
	}
	const { object, oldObject: _, ...rest } = document;
	return { here, request: { ...rest, namespace, ...(object !== undefined && { object: here(object) }) } };
}

/** Paths of what a request writes, and of what it is one of. */
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

/** Servers first, because the others are owned by them. */
function clusterContextOf({ kind, object = {}, oldObject }: Request, documents: readonly Json[]): Json[] {
	const manifests = documents.filter((document) => document['kind'] !== 'AdmissionReview');
	const isScale = kind === 'Scale';
	const objects = new Map<string, Json>();
	for (const manifest of manifests) {
		const identity = identityOf(manifest);
		// Of several manifests of one name the first is meant, as it is to the handlers.
		if (!objects.has(identity)) objects.set(identity, isScale ? scaledAs(oldObject ?? {}, manifest) : manifest);
	}
	objects.delete(identityOf(object));
	if (oldObject !== undefined && !isScale) objects.set(identityOf(oldObject), oldObject);
	const isServer = (one: Json): boolean => isKind(one['kind']);
	return [...objects.values()].toSorted((a, b) => Number(isServer(b)) - Number(isServer(a)));
}

/** A Scale is read from its Deployment. Without controllers nobody else would count its pods. */
function scaledAs(scale: Json, manifest: Json): Json {
	const isMeant = manifest['kind'] === 'Deployment' && metadataOf(manifest)['name'] === metadataOf(scale)['name'];
	if (!isMeant) return manifest;
	return {
		...manifest,
		spec: { ...partOf(manifest, 'spec'), replicas: partOf(scale, 'spec')['replicas'] ?? 0 },
		status: { replicas: partOf(scale, 'status')['replicas'] },
	};
}

const partOf = (object: Json, name: string): Json => {
	const part = object[name];
	return isObject(part) ? part : {};
};

const identityOf = (object: Json): string => {
	const { name, generateName } = metadataOf(object);
	return `${object['kind']}/${name ?? generateName}`;
};

/** Also what no CREATE does: a status, and the beginning of a deletion. */
async function create(api: Api, object: Json): Promise<Json> {
	const request = requestIn(object);
	const { collection, item } = pathsOf(request);
	const stored = await done(api.send('POST', collection, { body: object }));
	if (isObject(object['status'])) {
		await done(api.send('PUT', `${item}/status`, { body: { ...stored, status: object['status'] } }));
	}
	if (isBeingDeleted(object)) await done(api.send('DELETE', item));
	return stored;
}

async function done(sending: Promise<ApiAnswer>): Promise<Json> {
	const { status, body } = await sending;
	if (status >= 300) throw new Error(`the API server answered ${status}: ${String(body['message'])}`);
	return body;
}

/**
 * Addresses become this namespace's own as well, because servers that name one Redis share its keys and are warned, in
 * whatever namespace they are. A checksum that was the right one stays the right one.
 */
function inNamespace(object: Json, namespace: string): Json {
	const text = JSON.stringify(object)
		.replaceAll(`"${CASE_NAMESPACE}"`, `"${namespace}"`)
		.replaceAll('.svc:', `.${namespace}.svc:`);
	const moved = JSON.parse(text) as Json;
	const isRight = annotationOf(object, CHECKSUM_ANNOTATION) === checksumOf(object);
	return isRight ? withAnnotation(moved, CHECKSUM_ANNOTATION, checksumOf(moved)) : moved;
}

/** Uids of a server: the one that the case gives it, if any, and the one that the API server gave it. */
interface Uids {
	readonly told: unknown;
	readonly real: unknown;
}

/** A reference without uid, or with the uid that the case gives the server, gets the real one; a wrong one stays wrong. */
function withOwners(object: Json, servers: ReadonlyMap<string, Uids>): Json {
	const { ownerReferences, ...metadata } = metadataOf(object);
	if (!Array.isArray(ownerReferences)) return object;
	const references = (ownerReferences as readonly Json[]).map((reference) => {
		if (!String(reference['apiVersion']).startsWith(`${GROUP}/`)) return reference;
		const { kind, name, uid } = reference;
		const server = servers.get(`${kind}/${name}`);
		const isMeant = server !== undefined && (uid === undefined || uid === server.told);
		return { ...reference, uid: isMeant ? server.real : (uid ?? NO_UID) };
	});
	return { ...object, metadata: { ...metadata, ownerReferences: references } };
}
