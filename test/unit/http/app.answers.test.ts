import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { type AdmissionDecision, deny } from '../../../src/admission/response.ts';
import type { Json } from '../../../src/api/types.ts';
import { ALLOWED, reviewWith, type Serving, startServing } from '../../harness/serving.ts';

const CAREFUL = { id: 'careful', field: 'spec.a', message: 'mind' };
const PATCHED: AdmissionDecision = {
	allowed: true,
	patch: [{ op: 'add', path: '/a', value: 'é' }],
	findings: [CAREFUL],
};
const DENIED = deny([{ id: 'bad', field: 'spec', message: 'no', parts: [] }], [CAREFUL]);

for (const door of ['app', 'listener'] as const) {
	describe(`http answers through ${door}`, () => {
		let serving: Serving;
		let isThrowing = false;
		before(async () => {
			serving = await startServing({
				door,
				mutate: ({ operation }) => {
					if (isThrowing) throw new TypeError('planted bug');
					return operation === 'UPDATE' ? ALLOWED : PATCHED;
				},
				validate: () => DENIED,
			});
		});
		after(() => serving.stop());

		it('carries a patch and warnings under the uid of the request', async () => {
			const { status, headers, json } = await serving.ask({ body: reviewWith({ uid: 'uid-7' }) });
			expect(status).to.equal(200);
			expect(headers['content-type']).to.equal('application/json');
			const patch = Buffer.from(JSON.stringify(PATCHED.allowed && PATCHED.patch)).toString('base64');
			expect(json).to.deep.equal({
				apiVersion: 'admission.k8s.io/v1',
				kind: 'AdmissionReview',
				response: { uid: 'uid-7', allowed: true, patchType: 'JSONPatch', patch, warnings: ['spec.a: mind (careful)'] },
			});
		});

		it('says nothing about a patch where there is none', async () => {
			const { json } = await serving.ask({ body: reviewWith({ operation: 'UPDATE' }) });
			expect(json?.['response']).to.deep.equal({ uid: 'uid-1', allowed: true });
		});

		it('denies with 200 and a status', async () => {
			const { status, json } = await serving.ask({ path: '/validate?timeout=5s' });
			expect(status).to.equal(200);
			expect(json?.['response']).to.deep.equal({
				uid: 'uid-1',
				allowed: false,
				status: { code: 422, reason: 'Invalid', message: 'spec: no' },
				warnings: ['spec.a: mind (careful)'],
			});
		});

		it('answers a bug with 500, logs it with the uid, and goes on', async () => {
			isThrowing = true;
			const { status, json } = await serving.ask({ body: reviewWith({ uid: 'uid-of-bug' }) });
			isThrowing = false;
			expect(status).to.equal(500);
			expect(json).to.include({ kind: 'Status', status: 'Failure', reason: 'InternalError', code: 500 });
			expect(JSON.stringify(json)).not.to.contain('planted bug');
			const line = JSON.parse(serving.lines.at(-1) ?? '');
			expect(line).to.deep.include({ uid: 'uid-of-bug', verdict: 'error', msg: 'review failed', level: 50 });
			expect(line.err.message).to.equal('planted bug');
			expect((await serving.ask()).status).to.equal(200);
			expect(serving.webhook.inFlight()).to.equal(0);
		});

		const without = (key: string): Json => {
			const { [key]: _, ...request } = reviewWith()['request'] as Json;
			return { ...reviewWith(), request };
		};
		const bad: Readonly<Record<string, readonly [unknown, RegExp]>> = {
			'an empty body': ['', /^the body is not JSON/],
			text: ['hello', /^the body is not JSON/],
			'half an object': ['{"kind":"AdmissionReview"', /^the body is not JSON/],
			'a number': ['5', /not an AdmissionReview/],
			null: ['null', /not an AdmissionReview/],
			'a list': ['[]', /not an AdmissionReview/],
			'another kind': [{ ...reviewWith(), kind: 'ConversionReview' }, /not an AdmissionReview/],
			v1beta1: [
				{ ...reviewWith(), apiVersion: 'admission.k8s.io/v1beta1' },
				/"admission.k8s.io\/v1beta1"; only admission.k8s.io\/v1 /,
			],
			'no version': [{ kind: 'AdmissionReview', request: {} }, /apiVersion is missing/],
			'no request': [{ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview' }, /has no request/],
			'a request that is text': [{ ...reviewWith(), request: 'x' }, /has no request/],
			'no uid': [without('uid'), /has no uid/],
			'an empty uid': [reviewWith({ uid: '' }), /has no uid/],
			'a uid that is a number': [reviewWith({ uid: 5 }), /has no uid/],
			'no resource': [without('resource'), /request.resource is missing/],
			'no operation': [without('operation'), /request.operation is missing/],
			'an object that is a list': [reviewWith({ object: [] }), /request.object is not an object/],
			'CREATE without object': [reviewWith({ object: null }), /request.object is missing/],
		};
		for (const [what, [body, message]] of Object.entries(bad)) {
			it(`answers ${what} with 400 and says what is wrong`, async () => {
				const { status, headers, json } = await serving.ask({ body });
				expect(status).to.equal(400);
				expect(headers['content-type']).to.equal('application/json');
				expect(json).to.include({
					kind: 'Status',
					apiVersion: 'v1',
					status: 'Failure',
					reason: 'BadRequest',
					code: 400,
				});
				expect(json?.['message']).to.match(message);
			});
		}

		it('answers an unknown path with 404 in JSON', async () => {
			for (const path of ['/', '/metrics', '/livez', '/mutate/x', '/%E0%A4%A', '/%2e%2e/mutate']) {
				const { status, json } = await serving.ask({ path });
				expect(status, path).to.equal(404);
				expect(json, path).to.include({ reason: 'NotFound', code: 404 });
			}
		});

		it('answers another method with 405 in JSON and names the right one', async () => {
			for (const method of ['GET', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
				const { status, headers, json } = await serving.ask({ method, body: '' });
				expect(status, method).to.equal(405);
				expect(headers['allow']).to.equal('POST');
				expect(json).to.include({ reason: 'MethodNotAllowed', code: 405 });
			}
		});

		it('answers HEAD without a body', async () => {
			const { status, text } = await serving.ask({ method: 'HEAD', body: '' });
			expect({ status, text }).to.deep.equal({ status: 405, text: '' });
		});

		it('does not tell what it is made of', async () => {
			for (const path of ['/mutate', '/nothing']) {
				const { headers } = await serving.ask({ path });
				expect(headers).not.to.have.any.keys('x-powered-by', 'server', 'etag');
			}
		});
	});
}
