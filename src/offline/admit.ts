/** Processes one request as the API server does: mutate, apply the patch, validate. */
import jsonPatch, { type Operation as PatchOperation } from 'fast-json-patch';
import type { AdmissionDecision } from '../admission/response.ts';
import { type BadRequest, checkReview, type Request } from '../admission/review.ts';
import { isKind, KINDS } from '../api/names.ts';
import { isObject, type Json, metadataOf, type Operation } from '../api/types.ts';
import { namespaceOf, textOf } from '../objects/metadata.ts';
import type { Finding, Violation } from '../policy/finding.ts';

/** The handlers of the two webhooks. */
export interface Handlers {
	readonly mutate: (request: Request) => AdmissionDecision | Promise<AdmissionDecision>;
	readonly validate: (request: Request) => AdmissionDecision | Promise<AdmissionDecision>;
}

export interface Admitted {
	readonly verdict: 'unchanged' | 'mutated' | 'denied';
	readonly violations: readonly Violation[];
	readonly findings: readonly Finding[];
	readonly patch: readonly Operation[];
	/** The object as it would be stored; undefined if it is denied. */
	readonly object?: Json;
}

export async function admit(request: Request, { mutate, validate }: Handlers): Promise<Admitted> {
	const mutating = await mutate(request);
	if (!mutating.allowed) return { verdict: 'denied', patch: [], ...mutating };
	const { patch } = mutating;
	const { object: sent = {} } = request;
	const object = patch.length === 0 ? sent : patchedWith(sent, patch);
	const validating = await validate({ ...request, object });
	const findings = [...mutating.findings, ...validating.findings];
	if (!validating.allowed) return { verdict: 'denied', violations: validating.violations, findings, patch };
	return { verdict: patch.length === 0 ? 'unchanged' : 'mutated', violations: [], findings, patch, object };
}

/** Like the API server, throws for an operation that cannot be applied. */
export const patchedWith = (object: Json, patch: readonly Operation[]): Json =>
	jsonPatch.applyPatch(structuredClone(object), structuredClone(patch) as PatchOperation[], true, true, true)
		.newDocument;

/** Returns the request for a manifest: a CREATE by a user. An AdmissionReview contains its own request. */
export function requestOf(object: Json, namespace: string, uid: string): Request | BadRequest {
	if (object['kind'] !== 'AdmissionReview') return checkReview(envelopeOf(object, namespace, uid, {}));
	const given = isObject(object['request']) ? object['request'] : {};
	const reviewed = [given['object'], given['oldObject']].find(isObject);
	if (reviewed === undefined) return { error: 'the AdmissionReview has no request with an object' };
	if (textOf(reviewed['apiVersion']) === undefined || textOf(reviewed['kind']) === undefined) {
		return { error: 'the object in the AdmissionReview has no apiVersion and kind' };
	}
	return checkReview({ ...object, request: envelopeOf(reviewed, namespace, uid, given)['request'] });
}

const USER = 'kubernetes-admin';

function envelopeOf(object: Json, namespace: string, uid: string, given: Json): Json {
	const [version = '', group = ''] = (textOf(object['apiVersion']) ?? '').split('/').reverse();
	const kind = textOf(object['kind']) ?? '';
	return {
		apiVersion: 'admission.k8s.io/v1',
		kind: 'AdmissionReview',
		request: {
			uid,
			kind: { group, version, kind },
			resource: { group, version, resource: pluralOf(kind) },
			operation: 'CREATE',
			namespace: namespaceOf(object, namespace),
			name: metadataOf(object)['name'] ?? '',
			userInfo: { username: USER },
			object,
			...given,
		},
	};
}

const pluralOf = (kind: string): string => (isKind(kind) ? KINDS[kind].plural : `${kind.toLowerCase()}s`);
