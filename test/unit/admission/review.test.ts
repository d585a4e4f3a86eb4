import { expect } from 'chai';
import { allow, deny, patched } from '../../../src/admission/response.ts';
import { checkReview, parseReview, type Request, responseText } from '../../../src/admission/review.ts';
import type { Json } from '../../../src/api/types.ts';

const whole: Json = {
	uid: 'u1',
	resource: { group: 'apps', version: 'v1', resource: 'deployments' },
	kind: { group: 'apps', version: 'v1', kind: 'Deployment' },
	operation: 'UPDATE',
	namespace: 'demo',
	name: 'search',
	userInfo: { username: 'alice' },
	object: { a: 1 },
	oldObject: { a: 0 },
};
const review = (parts: Json = {}): Json => ({
	apiVersion: 'admission.k8s.io/v1',
	kind: 'AdmissionReview',
	request: JSON.parse(JSON.stringify({ ...whole, ...parts })),
});

const LONG = 'x'.repeat(6_000);
const CUT = 'x'.repeat(256);
const READ: { it: string; parts: Json; has: Partial<Request> }[] = [
	{
		it: 'resource with its group',
		parts: {},
		has: { resource: 'apps/deployments', kind: 'Deployment', username: 'alice' },
	},
	{
		it: 'resource of the core group',
		parts: { resource: { group: '', resource: 'pods' } },
		has: { resource: '/pods' },
	},
	{ it: 'resource without group', parts: { resource: { resource: 'pods' } }, has: { resource: '/pods' } },
	{ it: 'subresource', parts: { subResource: 'scale' }, has: { resource: 'apps/deployments/scale' } },
	{ it: 'an empty subresource is none', parts: { subResource: '' }, has: { resource: 'apps/deployments' } },
	{ it: 'a missing user is nobody', parts: { userInfo: undefined }, has: { username: '' } },
	{ it: 'a user that is a text is nobody', parts: { userInfo: 'root' }, has: { username: '' } },
	{ it: 'a missing namespace is none', parts: { namespace: undefined }, has: { namespace: '' } },
	{ it: 'a name that is a number is none', parts: { name: 7 }, has: { name: '' } },
	{
		it: 'a user has a long name',
		parts: { userInfo: { username: LONG } },
		has: { username: LONG },
	},
	{ it: 'a missing kind is none', parts: { kind: undefined }, has: { kind: '' } },
];

describe('reading an AdmissionReview', () => {
	for (const { it: title, parts, has } of READ) {
		it(title, () => {
			expect(parseReview(JSON.stringify(review(parts)))).to.deep.include(has);
		});
	}
	it('what is logged is as long as Kubernetes allows', () => {
		const parts = { uid: 'u'.repeat(256), namespace: LONG, name: LONG, kind: { kind: LONG }, operation: LONG };
		const whole = { uid: 'u'.repeat(256), namespace: CUT, name: CUT, kind: CUT, operation: CUT };
		expect(parseReview(JSON.stringify(review(parts)))).to.deep.include(whole);
	});
	it('oldObject null is absent, and so is object on DELETE', () => {
		const created = checkReview(review({ operation: 'CREATE', oldObject: null }));
		expect(created).to.not.have.property('oldObject');
		const deleted = checkReview(review({ operation: 'DELETE', object: null }));
		expect(deleted).to.not.have.property('object');
		expect(deleted).to.deep.include({ oldObject: { a: 0 } });
	});
	it('keys called __proto__ and constructor reach the handler as keys', () => {
		const text = '{"metadata":{"labels":{"__proto__":"x","constructor":"y"}}}';
		const body = JSON.stringify(review()).replace('{"a":1}', text);
		const parsed = parseReview(body) as Request;
		expect(JSON.stringify(parsed.object)).to.equal(text);
		expect(({} as Json)['x']).to.equal(undefined);
	});
});

const BAD: { it: string; body: string; says: string }[] = [
	{ it: 'nothing', body: '', says: 'not JSON' },
	{ it: 'cut off', body: JSON.stringify(review()).slice(0, -9), says: 'not JSON' },
	{ it: 'HTML', body: '<html>', says: 'not JSON' },
	{ it: 'null', body: 'null', says: 'not an AdmissionReview' },
	{ it: 'a number', body: '3', says: 'not an AdmissionReview' },
	{ it: 'a text', body: '"AdmissionReview"', says: 'not an AdmissionReview' },
	{ it: 'a list', body: JSON.stringify([review()]), says: 'not an AdmissionReview' },
	{ it: 'an empty object', body: '{}', says: 'not an AdmissionReview' },
	{ it: 'another kind', body: JSON.stringify({ ...review(), kind: 'Status' }), says: 'not an AdmissionReview' },
	{ it: 'v1beta1', body: JSON.stringify({ ...review(), apiVersion: 'admission.k8s.io/v1beta1' }), says: 'v1beta1' },
	{ it: 'no apiVersion', body: JSON.stringify({ ...review(), apiVersion: undefined }), says: 'missing' },
	{ it: 'apiVersion as an object', body: JSON.stringify({ ...review(), apiVersion: {} }), says: 'admission.k8s.io/v1' },
	{ it: 'no request', body: JSON.stringify({ ...review(), request: undefined }), says: 'no request' },
	{ it: 'request null', body: JSON.stringify({ ...review(), request: null }), says: 'no request' },
	{ it: 'request as a list', body: JSON.stringify({ ...review(), request: [] }), says: 'no request' },
	{ it: 'no uid', body: JSON.stringify(review({ uid: undefined })), says: 'no uid' },
	{ it: 'an empty uid', body: JSON.stringify(review({ uid: '' })), says: 'no uid' },
	{ it: 'a uid that is no uid', body: JSON.stringify(review({ uid: 'u'.repeat(257) })), says: 'longer than 256' },
	{ it: 'uid as a number', body: JSON.stringify(review({ uid: 7 })), says: 'no uid' },
	{ it: 'no resource', body: JSON.stringify(review({ resource: undefined })), says: 'request.resource' },
	{ it: 'resource as a text', body: JSON.stringify(review({ resource: 'pods' })), says: 'request.resource' },
	{
		it: 'resource.resource as a number',
		body: JSON.stringify(review({ resource: { resource: 1 } })),
		says: 'request.resource',
	},
	{ it: 'no operation', body: JSON.stringify(review({ operation: undefined })), says: 'request.operation' },
	{ it: 'operation as a list', body: JSON.stringify(review({ operation: ['CREATE'] })), says: 'request.operation' },
	{ it: 'object as a text', body: JSON.stringify(review({ object: 'x' })), says: 'request.object' },
	{ it: 'object as a list', body: JSON.stringify(review({ object: [] })), says: 'request.object' },
	{ it: 'oldObject as a number', body: JSON.stringify(review({ oldObject: 3 })), says: 'request.oldObject' },
	{
		it: 'CREATE without object',
		body: JSON.stringify(review({ operation: 'CREATE', object: null })),
		says: 'request.object',
	},
	{ it: 'UPDATE without object', body: JSON.stringify(review({ object: undefined })), says: 'request.object' },
];

describe('an AdmissionReview that is none', () => {
	for (const { it: title, body, says } of BAD) {
		it(`${title}: says what is wrong`, () => {
			const parsed = parseReview(body);
			expect(parsed).to.have.property('error').that.includes(says);
		});
	}
	it('the answer to it never repeats more than a few characters of it', () => {
		const parsed = parseReview(JSON.stringify({ ...review(), apiVersion: 'x'.repeat(100_000) }));
		expect((parsed as { error: string }).error).to.have.length.below(200);
	});
});

describe('answering with an AdmissionReview', () => {
	it('untouched: allowed, and nothing else', () => {
		expect(JSON.parse(responseText('u1', allow()))).to.deep.equal({
			apiVersion: 'admission.k8s.io/v1',
			kind: 'AdmissionReview',
			response: { uid: 'u1', allowed: true },
		});
	});
	it('a uid with characters that JSON escapes › comes back as it was', () => {
		const uid = 'a"\\\n\u2028';
		expect(JSON.parse(responseText(uid, allow())).response).to.deep.equal({ uid, allowed: true });
	});
	it('a patch is base64 of JSON', () => {
		const { response } = JSON.parse(responseText('u1', patched({ a: 1 }, { a: 1, b: 'é' }))) as { response: Json };
		expect(response['patchType']).to.equal('JSONPatch');
		const patch = JSON.parse(Buffer.from(String(response['patch']), 'base64').toString());
		expect(patch).to.deep.equal([{ op: 'add', path: '/b', value: 'é' }]);
	});
	it('a denial has status code, reason and message, and its warnings', () => {
		const violations = [{ id: 'v', field: 'spec.a', message: 'm', parts: [] }];
		const findings = [{ id: 'w', field: 'spec.b', message: 'n' }];
		expect(JSON.parse(responseText('u1', deny(violations, findings))).response).to.deep.equal({
			uid: 'u1',
			allowed: false,
			status: { code: 422, reason: 'Invalid', message: 'spec.a: m' },
			warnings: ['spec.b: n (w)'],
		});
	});
});
