/** Plants faults in targets, and tests that the search finds them. */
import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { longTextsOf } from './edits.ts';
import { failureOf, search, steepness } from './search.ts';
import type { Target } from './target.ts';
import { checkResponses } from './targets/http-responses.ts';

const targetOf = (check: Target['check'], seed = 'a'): Target => ({ name: 'planted', seeds: () => [seed], check });

/** Uses this much CPU time, regardless of the speed of the CPU. */
function burn(ms: number): void {
	const before = process.cpuUsage();
	while (process.cpuUsage(before).user < ms * 1000) for (let step = 0; step < 100_000; step += 1);
}

describe('fuzz search', function () {
	this.timeout(30_000);

	it('two faults in JSON values › each is found once, in its smallest form', async () => {
		const json = targetOf((text) => {
			if (!text.startsWith('{')) return;
			if (/"name":\s*\{/.test(text)) throw new Error('an object as name');
			if (text.includes('__proto__')) throw new Error('a __proto__');
		}, '{"kind":"List","items":[{"metadata":{"name":"a"}},{"metadata":{"name":"b"}}]}');
		const { found } = await search(json, { seed: 7, seconds: 20, numRuns: 2_000 });
		expect(found.map(({ text }) => text).sort()).to.deep.equal(['{"name":{', '{__proto__']);
	});
	it('a text that takes too long › found', async () => {
		const slow = targetOf((text) => burn(text === 'slow' ? 500 : 0));
		expect(await failureOf(slow, 'slow')).to.match(/^slow: \d+ ms of CPU time for 4 characters$/);
		expect(await failureOf(slow, 'quick')).to.equal(undefined);
	});
	for (const [growth, power, expected] of [
		['the square of the length', 2, 1],
		['the length', 1, 0],
	] as const) {
		it(`time that grows with ${growth} › ${expected} found`, async () => {
			const target = targetOf((text) => burn(300 * (text.length / (48 * 1024)) ** power), 'ab');
			const [texts] = fc.sample(longTextsOf(target), { seed: 7, numRuns: 1 });
			const reason = texts && (await steepness(target, texts));
			expect(reason === undefined ? 0 : 1).to.equal(expected);
		});
	}
	it('a new name on Object.prototype › found', async () => {
		const define = () => Object.defineProperty(Object.prototype, 'planted', { value: 1, configurable: true });
		expect(
			await failureOf(
				targetOf(() => void define()),
				'a',
			),
		).to.include('the prototypes that all objects share');
		Reflect.deleteProperty(Object.prototype, 'planted');
	});
	it('a Promise that rejects › found', async () => {
		const rejecting = targetOf(async () => Promise.reject(new Error('planted')));
		expect(await failureOf(rejecting, 'a')).to.include('planted');
	});
});

const response = (body: string, status = '200 OK', head = 'Content-Type: application/json\r\n'): string =>
	`HTTP/1.1 ${status}\r\n${head}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
const review = (answer: object): string =>
	JSON.stringify({ kind: 'AdmissionReview', apiVersion: 'admission.k8s.io/v1', response: answer });
const refusal = (more: object = {}): string =>
	JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', code: 400, message: 'no', ...more });
const GOOD = response(review({ uid: 'uid-1', allowed: true }));

describe('fuzz http › check of responses', () => {
	it('responses from the server and from Node › accepted', () => {
		const node = 'HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n';
		checkResponses(GOOD + GOOD + response(refusal(), '400 Bad Request') + response('ok\n') + node, false);
		checkResponses(`HTTP/1.1 100 Continue\r\n\r\n${GOOD}HTTP/1.1 404 Not Found\r\nContent-Length: 20\r\n\r\n`, false);
		checkResponses(response('thv_scaling_ready 1\n'), true);
	});
	for (const [title, text] of [
		['half a head', GOOD.slice(0, 30)],
		['a status that does not exist', response(refusal({ code: 799 }), '799 No')],
		['no length', GOOD.replace(/Content-Length: \d+\r\n/, '')],
		['a body that is longer than its length', GOOD.replace(/Length: \d+/, 'Length: 5')],
		['plain text on the webhook port', response('thv_scaling_ready 1\n')],
		['a 200 that is not a review', response(refusal())],
		['a refusal with another code', response(refusal({ code: 500 }), '400 Bad Request')],
	] as const) {
		it(`${title} › rejected`, () => expect(() => checkResponses(text, false)).to.throw());
	}
});
