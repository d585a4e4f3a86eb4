import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { type AdmissionDecision, deny } from '../../../src/admission/response.ts';
import { ALLOWED, type Question, reviewWith, type Serving, startServing } from '../../harness/serving.ts';

const WARNING = { id: 'careful', field: 'spec.a', message: 'mind' };
const WARNINGS = ['spec.a: mind (careful)'];
const PATCH = [{ op: 'add', path: '/a', value: 'é' }] as const;
const PATCHED: AdmissionDecision = { allowed: true, patch: PATCH, findings: [WARNING] };
const DENIED = deny([{ id: 'bad', field: 'spec', message: 'no', parts: [] }], [WARNING]);
const STATUS = { code: 422, reason: 'Invalid', message: 'spec: no' };

describe('webhook responses', () => {
	let serving: Serving;
	before(async () => {
		serving = await startServing({
			mutate: ({ operation, name }) => {
				if (name === 'throws') throw new TypeError('planted bug');
				return operation === 'UPDATE' ? ALLOWED : PATCHED;
			},
			validate: () => DENIED,
		});
	});
	after(() => serving.stop());

	const patch = Buffer.from(JSON.stringify(PATCH)).toString('base64');
	const allowed = { uid: 'uid-7', allowed: true };
	for (const [title, path, operation, response] of [
		['a patch and a warning', '/mutate', 'CREATE', { ...allowed, patchType: 'JSONPatch', patch, warnings: WARNINGS }],
		// Express handles a path that ends in a slash.
		['no patch', '/mutate/', 'UPDATE', allowed],
		[
			'a denial',
			'/validate?timeout=5s',
			'CREATE',
			{ uid: 'uid-7', allowed: false, status: STATUS, warnings: WARNINGS },
		],
	] as const) {
		it(`a decision › ${title} › an AdmissionReview with the uid of the request`, async () => {
			const { status, headers, json } = await serving.ask({ path, body: reviewWith({ uid: 'uid-7', operation }) });
			expect([status, headers['content-type']]).to.deep.equal([200, 'application/json']);
			expect(json).to.deep.equal({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response });
		});
	}

	it('a handler › throws › 500 without details, a log line with the uid, and the next review is answered', async () => {
		const { status, json } = await serving.ask({ body: reviewWith({ uid: 'uid-of-bug', name: 'throws' }) });
		expect(status).to.equal(500);
		expect(json).to.include({ kind: 'Status', status: 'Failure', reason: 'InternalError', code: 500 });
		expect(JSON.stringify(json)).not.to.contain('planted bug');
		expect(serving.lines.at(-1)).to.contain('uid-of-bug').and.to.contain('planted bug');
		expect((await serving.ask()).status).to.equal(200);
		expect(serving.webhook.inFlight()).to.equal(0);
	});

	const hidden = 'POST /mutate HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}';
	const gzip = { headers: { 'content-encoding': 'gzip' }, body: gzipSync('{}') };
	for (const [title, question, code, reason, message] of [
		['a request as the body', { body: hidden }, 400, 'BadRequest', /^the body is not JSON/],
		// The message quotes the body, so its length in bytes and in characters differ.
		['é as the body', { body: 'é' }, 400, 'BadRequest', /^the body is not JSON.*é/],
		['null', { body: 'null' }, 400, 'BadRequest', /not an AdmissionReview/],
		['a gzip body', gzip, 415, 'UnsupportedMediaType', /compressed bodies are not supported/],
		...['/', '/mutate/x', '/%E0%A4%A'].map((path) => [path, { path }, 404, 'NotFound', /not found/] as const),
		['GET', { method: 'GET', body: '' }, 405, 'MethodNotAllowed', /with POST/],
		['OPTIONS', { method: 'OPTIONS', body: '' }, 405, 'MethodNotAllowed', /with POST/],
	] as readonly [string, Question, number, string, RegExp][]) {
		it(`${title} › is no review › ${code} as a Status, without a hint to retry`, async () => {
			const { status, headers, json } = await serving.ask(question);
			expect(status).to.equal(code);
			expect(headers['content-type']).to.equal('application/json');
			expect(json).to.include({ kind: 'Status', apiVersion: 'v1', status: 'Failure', reason, code });
			expect(json?.['message']).to.match(message);
			expect(headers['allow']).to.equal(code === 405 ? 'POST' : undefined);
			expect(headers).not.to.have.any.keys('x-powered-by', 'server', 'etag', 'retry-after');
		});
	}
});
