import { expect } from 'chai';
import { allow, deny } from '../../../src/admission/response.ts';
import { checkReview, parseReview, responseText } from '../../../src/admission/review.ts';
import type { Json } from '../../../src/api/types.ts';

const REQUEST: Json = {
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
	request: JSON.parse(JSON.stringify({ ...REQUEST, ...parts })),
});

const text = (parts: Json = {}): string => JSON.stringify(review(parts));

describe('AdmissionReview › parsed', () => {
	const LONG = 'x'.repeat(6_000);
	const CUT = 'x'.repeat(256);
	for (const [title, parts, expected] of [
		['the resource with its group', {}, { resource: 'apps/deployments', kind: 'Deployment', username: 'alice' }],
		['the core group', { resource: { group: '', resource: 'pods' } }, { resource: '/pods' }],
		['a subresource', { subResource: 'scale' }, { resource: 'apps/deployments/scale' }],
		['an empty subresource', { subResource: '' }, { resource: 'apps/deployments' }],
		['no user', { userInfo: undefined }, { username: '' }],
		['a user as a text', { userInfo: 'root' }, { username: '' }],
		['a user with a long name', { userInfo: { username: LONG } }, { username: LONG }],
		['no namespace', { namespace: undefined }, { namespace: '' }],
		['no kind', { kind: undefined }, { kind: '' }],
	] as const) {
		it(`${title} › ${JSON.stringify(expected).slice(0, 60)}`, () => {
			expect(parseReview(text(parts))).to.deep.include(expected);
		});
	}
	it('long names, which are logged › cut to 256 characters', () => {
		const parts = { uid: 'u'.repeat(256), namespace: LONG, name: LONG, kind: { kind: LONG }, operation: LONG };
		const expected = { uid: 'u'.repeat(256), namespace: CUT, name: CUT, kind: CUT, operation: CUT };
		expect(parseReview(text(parts))).to.deep.include(expected);
	});
	it('oldObject null on CREATE, object null on DELETE › absent', () => {
		expect(checkReview(review({ operation: 'CREATE', oldObject: null }))).to.not.have.property('oldObject');
		const deleted = checkReview(review({ operation: 'DELETE', object: null }));
		expect(deleted).to.not.have.property('object');
		expect(deleted).to.deep.include({ oldObject: { a: 0 } });
	});
});

describe('AdmissionReview › rejected', () => {
	const other = (fields: Json): string => JSON.stringify({ ...review(), ...fields });
	for (const [error, bodies] of Object.entries({
		'not JSON': ['', text().slice(0, -9), '<html>'],
		'not an AdmissionReview': ['null', '3', '"AdmissionReview"', `[${text()}]`, '{}', other({ kind: 'Status' })],
		'admission.k8s.io/v1': [other({ apiVersion: 'admission.k8s.io/v1beta1' }), other({ apiVersion: {} })],
		missing: [other({ apiVersion: undefined })],
		'no request': [undefined, null, []].map((request) => other({ request })),
		'no uid': [undefined, '', 7].map((uid) => text({ uid })),
		'longer than 256': [text({ uid: 'u'.repeat(257) })],
		'request.resource': [undefined, 'pods', { resource: 1 }].map((resource) => text({ resource })),
		'request.operation': [undefined, ['CREATE']].map((operation) => text({ operation })),
		'request.object': ['x', [], undefined].map((object) => text({ object })),
		'request.object is missing': [text({ operation: 'CREATE', object: null })],
		'request.oldObject': [text({ oldObject: 3 })],
	})) {
		for (const body of bodies) {
			it(`${body.slice(-60)} › "${error}"`, () => {
				expect(parseReview(body)).to.have.property('error').that.includes(error);
			});
		}
	}
	it('a long apiVersion › an error with fewer than 200 characters', () => {
		expect(parseReview(other({ apiVersion: 'x'.repeat(100_000) })))
			.to.have.property('error')
			.with.length.below(200);
	});
});

it('AdmissionReview › response without a patch and warnings › uid and allowed only', () => {
	const response = '"response":{"uid":"u1","allowed":true}';
	expect(responseText('u1', allow())).to.equal(
		`{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview",${response}}`,
	);
});
it('AdmissionReview › response with a patch of one operation › in base64', () => {
	const patch = [{ op: 'replace', path: '/spec/replicas', value: 1 }] as const;
	const { response } = JSON.parse(responseText('u1', { allowed: true, patch, findings: [] }));
	expect(response).to.deep.equal({
		...{ uid: 'u1', allowed: true, patchType: 'JSONPatch' },
		patch: Buffer.from(JSON.stringify(patch)).toString('base64'),
	});
});
it('AdmissionReview › response to a denial › code, reason, message, and a warning of 120 characters', () => {
	const violations = [{ id: 'v', field: 'spec.a', message: 'm', parts: [] }];
	const findings = [{ id: 'some-id', field: 'spec.b', message: `a\nb\u001b[31m${'c'.repeat(5_000)}` }];
	expect(JSON.parse(responseText('u1', deny(violations, findings))).response).to.deep.equal({
		uid: 'u1',
		allowed: false,
		status: { code: 422, reason: 'Invalid', message: 'spec.a: m' },
		warnings: [`spec.b: a b [31m${'c'.repeat(91)}... (some-id)`],
	});
});
