/** Checks the response of a server before it is measured. */
import { isDeepStrictEqual } from 'node:util';
import jsonPatch from 'fast-json-patch';
import { mutate } from '../../src/admission/mutate.ts';
import { parseReview } from '../../src/admission/review.ts';
import { isObject, type Json } from '../../src/api/types.ts';
import { post } from './contestant.ts';
import { CLUSTER, SETTINGS } from './payloads.ts';

/** Throws if the response leads to another stored object than the product's response. `folder` contains ca.crt. */
export async function checkAnswer(
	server: { name: string; url: string },
	folder: string,
	review: string,
): Promise<void> {
	const { status, body } = await post(server.url, folder, review);
	if (status !== 200) throw new Error(`${server.name} answered ${status}: ${body.slice(0, 300)}`);
	const { patch = '' } = (JSON.parse(body) as { response: { patch?: string } }).response;
	const actual = patched(review, JSON.parse(Buffer.from(patch, 'base64').toString() || '[]'));
	const request = parseReview(review);
	if ('error' in request) throw new Error(request.error);
	const decision = await mutate(request, CLUSTER, SETTINGS, new AbortController().signal);
	if (!decision.allowed || decision.patch.length === 0) throw new Error('the product would not change the object');
	const wanted = patched(review, decision.patch);
	if (isDeepStrictEqual(actual, wanted)) return;
	const difference = JSON.stringify(jsonPatch.compare(wanted, actual)).slice(0, 1000);
	throw new Error(`${server.name} makes another object: ${difference}`);
}

function patched(review: string, patch: readonly object[]): Json {
	const { object } = (JSON.parse(review) as { request: { object: Json } }).request;
	return meaning(jsonPatch.applyPatch(object, patch as jsonPatch.Operation[], true).newDocument) as Json;
}

/**
 * Removes fields that have no effect: Go's types write empty structs (`status: {}`), and Pepr annotates each object.
 */
function meaning(value: unknown): unknown {
	if (Array.isArray(value)) return value.map(meaning);
	if (!isObject(value)) return value;
	const fields = Object.entries(value).map(([key, one]) => [key, meaning(one)] as const);
	const isEmpty = (one: unknown): boolean => one === null || (isObject(one) && Object.keys(one).length === 0);
	return Object.fromEntries(fields.filter(([key, one]) => !isEmpty(one) && !key.includes('.pepr.dev/')));
}
