/** Reads valid texts from the golden cases. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Request } from '../../src/admission/review.ts';
import { isObject, type Json } from '../../src/api/types.ts';
import { requestOf } from '../../src/offline/admit.ts';
import { CASES, caseNames, INPUT, readCase } from '../../test/cases/read-case.ts';

export const caseTexts = (): string[] => caseNames().map((name) => readFileSync(join(CASES, name, INPUT), 'utf8'));

/** Returns every document of every case. */
export const caseObjects = (): Json[] => caseNames().flatMap((name) => readCase(name).documents);

/** Returns the values of `key` in the ConfigMaps of the cases. */
export const configTexts = (key: string): string[] =>
	caseObjects()
		.map((one) => (one['kind'] === 'AdmissionReview' ? ((one['request'] as Json)['object'] as Json) : one))
		.flatMap((one) => (isObject(one?.['data']) && typeof one['data'][key] === 'string' ? [one['data'][key]] : []));

/** Returns a review for each document of each case, together with the other manifests of that case. */
export const caseReviews = (): { readonly review: Json; readonly around: readonly Json[] }[] =>
	caseNames().flatMap((name) => {
		const { documents } = readCase(name);
		const around = documents.filter((one) => one['kind'] !== 'AdmissionReview');
		return documents.flatMap((document) => {
			const request = requestOf(document, 'default', 'uid-1');
			return 'error' in request ? [] : [{ review: reviewFor(request), around }];
		});
	});

/** Returns the AdmissionReview for `request` as the API server sends it. */
function reviewFor({ resource, kind, username, ...request }: Request): Json {
	const [group, plural, subResource] = resource.split('/');
	const sent = {
		...request,
		kind: { group, version: 'v1', kind },
		resource: { group, version: 'v1', resource: plural },
		...(subResource !== undefined && { subResource }),
		userInfo: { username },
	};
	return { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request: sent };
}
