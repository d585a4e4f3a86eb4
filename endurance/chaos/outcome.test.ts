/** What the writer makes of an answer, in the words of a real API server. */
import { expect } from 'chai';
import { describe, it } from 'mocha';
import type { ApiAnswer } from '../../test/harness/api.ts';
import { failureOf, isDenied, isUnsure } from './outcome.ts';

const answer = (status: number, message = '', reason?: string): ApiAnswer => ({
	status,
	body: { message, ...(reason !== undefined && { reason }) },
	warnings: [],
});
const CALL =
	'Internal error occurred: failed calling webhook "v.example.dev": failed to call webhook: Post "https://x": EOF';

/** Of each: whether it failed, whether a webhook denied it, whether nobody knows if it was stored. */
const ROWS: Readonly<Record<string, readonly [ApiAnswer, string | undefined, boolean, boolean]>> = {
	stored: [answer(200), undefined, false, false],
	gone: [answer(404, 'not found', 'NotFound'), undefined, false, false],
	'somebody was quicker': [answer(409, 'the object has been modified', 'Conflict'), '409 Conflict', false, false],
	'refused by the API server': [answer(422, 'is invalid: spec: no', 'Invalid'), '422 Invalid', false, false],
	'denied by a webhook': [
		answer(422, 'admission webhook "v.example.dev" denied the request: spec: no', 'Invalid'),
		'422 Invalid',
		true,
		false,
	],
	'a webhook without an answer': [answer(500, CALL, 'InternalError'), '500, webhook: EOF', false, false],
	'an error of its own': [answer(500, 'etcdserver: timed out', 'InternalError'), '500 InternalError', false, true],
};

describe('chaos: outcome', () => {
	for (const [name, [given, failure, denied, unsure]] of Object.entries(ROWS)) {
		it(name, () => {
			expect([failureOf(given), isDenied(given), isUnsure(given)]).to.deep.equal([failure, denied, unsure]);
		});
	}
	it('no answer', () => {
		const error = Object.assign(new Error('x'), { code: 'ECONNRESET' });
		expect([failureOf(error), isDenied(error)]).to.deep.equal(['no answer: ECONNRESET', false]);
	});
});
