/** Reads an AdmissionReview v1 (k8s.io/api/admission/v1) from a request body and writes the response. */
import { isObject, type Json } from '../api/types.ts';
import { type AdmissionDecision, denialText, warningText } from './response.ts';

/** A validated request. `object` is absent on DELETE, `oldObject` on CREATE. */
export interface Request {
	readonly uid: string;
	/** Group and plural name, such as `apps/deployments` or `/configmaps`; a subresource follows after another slash. */
	readonly resource: string;
	/** The kind of `object`. The API version of `object` may differ from the version that the client sent. */
	readonly kind: string;
	readonly operation: string;
	readonly namespace: string;
	readonly name: string;
	readonly username: string;
	readonly object?: Json;
	readonly oldObject?: Json;
}

/** The reason why a body is rejected with HTTP 400. */
export interface BadRequest {
	readonly error: string;
}

/** Maximum length of a uid, a name or a kind. Kubernetes allows 253 characters. */
const LONGEST_NAME = 256;

export function parseReview(body: string): Request | BadRequest {
	let review: unknown;
	try {
		review = JSON.parse(body);
	} catch (error) {
		return { error: `the body is not JSON: ${(error as Error).message}` };
	}
	return checkReview(review);
}

export function checkReview(review: unknown): Request | BadRequest {
	if (!isObject(review) || review['kind'] !== 'AdmissionReview') return { error: 'the body is not an AdmissionReview' };
	if (review['apiVersion'] !== 'admission.k8s.io/v1') {
		return { error: `apiVersion is ${quoted(review['apiVersion'])}; want admission.k8s.io/v1` };
	}
	const { request } = review;
	if (!isObject(request)) return { error: 'the AdmissionReview has no request' };
	const { uid } = request;
	if (typeof uid !== 'string' || uid === '') return { error: 'the request has no uid' };
	if (uid.length > LONGEST_NAME) return { error: `the uid of the request is longer than ${LONGEST_NAME} characters` };
	const { resource, kind, userInfo, object, oldObject } = request;
	if (!isObject(resource) || typeof resource['resource'] !== 'string') return { error: 'request.resource is missing' };
	if (typeof request['operation'] !== 'string') return { error: 'request.operation is missing' };
	if (!isObject(object ?? {})) return { error: 'request.object is not an object' };
	if (!isObject(oldObject ?? {})) return { error: 'request.oldObject is not an object' };
	const operation = request['operation'];
	const subResource = text(request['subResource']);
	if ((operation === 'CREATE' || operation === 'UPDATE') && !isObject(object))
		return { error: 'request.object is missing' };
	return {
		uid,
		resource: `${text(resource['group'])}/${resource['resource']}${subResource === '' ? '' : `/${subResource}`}`,
		kind: isObject(kind) ? name(kind['kind']) : '',
		operation: name(operation),
		namespace: name(request['namespace']),
		name: name(request['name']),
		username: isObject(userInfo) ? text(userInfo['username']) : '',
		...(isObject(object) && { object }),
		...(isObject(oldObject) && { oldObject }),
	};
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** Shortens the value, because it is logged. */
const name = (value: unknown): string => text(value).slice(0, LONGEST_NAME);

const quoted = (value: unknown): string => (value === undefined ? 'missing' : JSON.stringify(value).slice(0, 60));

/** Returns the response to the request with that uid, as JSON text. */
export function responseText(uid: string, decision: AdmissionDecision): string {
	const fields = [`"uid":${JSON.stringify(uid)},"allowed":${decision.allowed}`];
	if (!decision.allowed) {
		const status = { code: 422, reason: 'Invalid', message: denialText(decision.violations) };
		fields.push(`"status":${JSON.stringify(status)}`);
	} else if (decision.patch.length > 0) {
		// Base64 needs no escaping, and JSON.stringify would search the whole string for characters to escape.
		const patch = Buffer.from(JSON.stringify(decision.patch)).toString('base64');
		fields.push(`"patchType":"JSONPatch","patch":"${patch}"`);
	}
	if (decision.findings.length > 0) fields.push(`"warnings":${JSON.stringify(decision.findings.map(warningText))}`);
	return `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{${fields.join(',')}}}`;
}
