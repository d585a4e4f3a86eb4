/** Whether a server gives the right answer: one that is wrong is not worth timing. */
import { isDeepStrictEqual } from 'node:util';
import jsonPatch from 'fast-json-patch';
import { mutate } from '../../src/admission/mutate.ts';
import { parseReview } from '../../src/admission/review.ts';
import { isObject, type Json } from '../../src/api/types.ts';
import { type Contestant, post } from './contestant.ts';
import { CLUSTER, SETTINGS } from './payloads.ts';

/** Throws where the stored object would differ from the product's. `folder` holds ca.crt. */
export async function checkAnswer(
	{ name, url }: Pick<Contestant, 'name' | 'url'>,
	folder: string,
	review: string,
): Promise<void> {
	const { status, body } = await post(url, folder, review);
	if (status !== 200) throw new Error(`${name} answered ${status}: ${body.slice(0, 300)}`);
	const { patch = '' } = (JSON.parse(body) as { response: { patch?: string } }).response;
	const got = stored(review, JSON.parse(Buffer.from(patch, 'base64').toString() || '[]'));
	const wanted = await wantedOf(review);
	if (!isDeepStrictEqual(got, wanted)) {
		throw new Error(`${name} makes another object: ${JSON.stringify(jsonPatch.compare(wanted, got)).slice(0, 1000)}`);
	}
}

async function wantedOf(review: string): Promise<Json> {
	const asked = parseReview(review);
	if ('error' in asked) throw new Error(asked.error);
	const answer = await mutate(asked, CLUSTER, SETTINGS, new AbortController().signal);
	if (!answer.allowed || answer.patch.length === 0) throw new Error('nothing would be changed at all');
	return stored(review, answer.patch);
}

function stored(review: string, patch: readonly object[]): Json {
	const { object } = (JSON.parse(review) as { request: { object: Json } }).request;
	const { newDocument } = jsonPatch.applyPatch(object, patch as jsonPatch.Operation[], true);
	return said(newDocument) as Json;
}

/**
 * Without what means the same when it is not there: Go's types write empty structs (`status: {}`), and Pepr signs each object
 * with an annotation of its own.
 */
function said(value: unknown): unknown {
	if (Array.isArray(value)) return value.map(said);
	if (!isObject(value)) return value;
	return Object.fromEntries(
		Object.entries(value).flatMap(([key, one]) => {
			const kept = said(one);
			const isNothing = kept === null || (isObject(kept) && Object.keys(kept).length === 0);
			return isNothing || key.includes('.pepr.dev/') ? [] : [[key, kept]];
		}),
	);
}
