/** Plays the API server for a case: mutate, apply the patch strictly, validate, and note what would be stored. */
import jsonPatch, { type Operation } from 'fast-json-patch';
import { isObject, type Json } from '../../src/toolhive/types.ts';

/** The way an AdmissionReview goes to a webhook and comes back. */
export type Door = (path: '/mutate' | '/validate', review: Json) => Promise<Json>;

export interface Outcome {
	readonly verdict: 'mutated' | 'unchanged' | 'denied';
	/** Why, when denied. */
	readonly message?: string;
	readonly warnings: readonly string[];
	/** What is stored; nothing when denied. */
	readonly object?: Json;
	/** The AdmissionReview that was sent. */
	readonly review: Json;
}

interface Response {
	readonly uid: string;
	readonly allowed: boolean;
	readonly patchType?: string;
	readonly patch?: string;
	readonly status?: { readonly message: string };
	readonly warnings?: readonly string[];
}

export async function playCase(documents: readonly Json[], door: Door): Promise<Outcome[]> {
	const outcomes: Outcome[] = [];
	for (const [index, document] of documents.entries()) {
		outcomes.push(await playReview(reviewOf(document, index), door));
	}
	return outcomes;
}

export async function playReview(review: Json, door: Door): Promise<Outcome> {
	const mutating = await send('/mutate', review, door);
	const sent = requestOf(review)['object'] as Json;
	const object = mutating.patch === undefined ? sent : patched(sent, mutating);
	const validating = await send('/validate', withObject(review, object), door);
	const warnings = [...(mutating.warnings ?? []), ...(validating.warnings ?? [])];
	const denial = [mutating, validating].find(({ allowed }) => !allowed);
	if (denial !== undefined) return { verdict: 'denied', message: denial.status?.message ?? '', warnings, review };
	return { verdict: object === sent ? 'unchanged' : 'mutated', warnings, object, review };
}

/** `review` for another object, as when the API server asks once more because somebody else changed it meanwhile. */
export const withObject = (review: Json, object: Json): Json => ({
	...review,
	request: { ...requestOf(review), object },
});

async function send(path: '/mutate' | '/validate', review: Json, door: Door): Promise<Response> {
	const { response } = (await door(path, review)) as { response: Response };
	const { uid } = requestOf(review);
	if (response.uid !== uid) throw new Error(`${path} answered uid ${response.uid} to ${String(uid)}`);
	return response;
}

/** As the API server does it: an operation that does not fit fails the request. */
function patched(object: Json, { patch = '', patchType }: Response): Json {
	if (patchType !== 'JSONPatch') throw new Error(`patchType is ${patchType}`);
	const operations = JSON.parse(Buffer.from(patch, 'base64').toString()) as Operation[];
	return jsonPatch.applyPatch(structuredClone(object), operations, true, true, true).newDocument;
}

const requestOf = (review: Json): Json => review['request'] as Json;

const PLURALS: Readonly<Record<string, string>> = { MCPRemoteProxy: 'mcpremoteproxies' };

/** A manifest becomes the CREATE of a person; an AdmissionReview gets what its object says already. */
function reviewOf(document: Json, index: number): Json {
	const isReview = document['kind'] === 'AdmissionReview';
	const given = isReview ? requestOf(document) : {};
	const object = isReview ? given['object'] : document;
	if (!isObject(object)) throw new Error(`document ${index + 1} has no object`);
	const [group, version] = groupAndVersion(String(object['apiVersion']));
	const kind = String(object['kind']);
	const metadata = object['metadata'] as Json;
	if (metadata['namespace'] === undefined) throw new Error(`document ${index + 1} has no namespace`);
	return {
		apiVersion: 'admission.k8s.io/v1',
		kind: 'AdmissionReview',
		request: {
			uid: `document-${index + 1}`,
			kind: { group, version, kind },
			resource: { group, version, resource: PLURALS[kind] ?? `${kind.toLowerCase()}s` },
			operation: 'CREATE',
			namespace: metadata['namespace'],
			name: metadata['name'] ?? '',
			userInfo: { username: 'kubernetes-admin' },
			object,
			...given,
		},
	};
}

function groupAndVersion(apiVersion: string): [string, string] {
	const [first = '', second] = apiVersion.split('/');
	return second === undefined ? ['', first] : [first, second];
}
