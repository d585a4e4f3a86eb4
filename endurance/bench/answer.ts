/** Reads the response of a server before it is measured. */
import jsonPatch from 'fast-json-patch';
import { isObject, type Json } from '../../src/api/types.ts';
import { type Contestant, post } from './contestant.ts';

/** Returns the object that is stored after the response of a server. `folder` contains ca.crt. */
export async function storedBy({ name, url }: Contestant, folder: string, review: string): Promise<unknown> {
	const { status, body } = await post(url, folder, review);
	if (status !== 200) throw new Error(`${name} answered ${status}: ${body.slice(0, 300)}`);
	const { patch } = (JSON.parse(body) as { response: { patch: string } }).response;
	const { object } = (JSON.parse(review) as { request: { object: Json } }).request;
	const operations = JSON.parse(Buffer.from(patch, 'base64').toString()) as jsonPatch.Operation[];
	return meaning(jsonPatch.applyPatch(object, operations, true).newDocument);
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
