import { expect } from 'chai';
import { annotationOf, isBeingDeleted, labelsOf, ownersOf, withAnnotation } from '../../../src/objects/metadata.ts';
import { podServerRef } from '../../../src/objects/pod.ts';

const owner = { apiVersion: 'toolhive.stacklok.dev/v1beta1', kind: 'MCPServer', name: 'a', uid: 'u1' };
const owner0 = { ...owner, uid: 'u0' };
const noUid = { kind: 'MCPServer', namespace: 'demo', name: 'a' };
const found = { ...noUid, uid: 'u1' };
const found0 = { ...noUid, uid: 'u0' };

const OWNERS: [title: string, ownerReferences: unknown, expected: unknown[]][] = [
	['v1alpha1', [{ ...owner, apiVersion: 'toolhive.stacklok.dev/v1alpha1' }], [found]],
	['after a reference to another kind of object', [{ ...owner, apiVersion: 'apps/v1' }, owner], [found]],
	['two, the second is the controller › it is first', [owner0, { ...owner, controller: true }], [found, found0]],
	['five › the first four, because each may cost a request', Array(5).fill(owner), Array(4).fill(found)],
	['no uid, as in manifests', [{ ...owner, uid: undefined }], [noUid]],
	['a group with the same beginning › none', [{ ...owner, apiVersion: 'toolhive.stacklok.dev.evil/v1' }], []],
	['a kind that is a member of Object › none', [{ ...owner, kind: 'constructor' }], []],
	['entries of wrong types › none', [null, 3, 'x', []], []],
];

describe('metadata › owners', () => {
	for (const [title, ownerReferences, expected] of OWNERS)
		it(title, () => expect(ownersOf({ metadata: { name: 'a', ownerReferences } }, 'demo')).to.deep.equal(expected));
	it('the name of a ConfigMap › the server without the suffix; no metadata › none', () => {
		const object = { metadata: { name: 'a-runconfig', ownerReferences: [owner] } };
		expect(ownersOf(object, 'demo', () => '-runconfig')).to.deep.equal([found]);
		for (const other of [object, {}, { metadata: null }, { metadata: [] }])
			expect(ownersOf(other, 'demo')).to.deep.equal([]);
	});

	it('a name that is not an object name › no owner, and no server of a pod', () => {
		for (const name of ['../../api/v1/configmaps', '.', 'a/b', 'a?b', 'a%2fb', 'A', '', 'a'.repeat(254), 'a\n']) {
			const labels = { app: 'mcpserver', 'toolhive-name': name };
			expect(ownersOf({ metadata: { name, ownerReferences: [{ ...owner, name }] } }, 'demo'), name).to.be.empty;
			expect(podServerRef({ metadata: { labels } }, 'demo'), name).to.equal(undefined);
		}
	});
	it('a name of 253 characters › an owner', () => {
		const name = 'a'.repeat(253);
		const object = { metadata: { name, ownerReferences: [{ ...owner, name }] } };
		expect(ownersOf(object, 'demo')).to.deep.equal([{ ...found, name }]);
	});
});

describe('metadata › annotations, labels and deletion', () => {
	it('an annotation is set › its neighbours are kept, even one with the key __proto__', () => {
		const before = JSON.parse('{"metadata":{"name":"n","annotations":{"__proto__":"x","k":"old"}}}');
		const text = '{"metadata":{"name":"n","annotations":{"__proto__":"x","k":"v"}}}';
		expect(JSON.stringify(withAnnotation(before, 'k', 'v'))).to.equal(text);
		expect(JSON.stringify(withAnnotation(before, 'k', undefined))).to.equal(text.replace(',"k":"v"', ''));
		expect(before.metadata.annotations.k).to.equal('old');
	});
	it('values of wrong types › unset', () => {
		for (const annotations of [{ k: 3 }, 'x'])
			expect(annotationOf({ metadata: { annotations } }, 'k')).to.equal(undefined);
		for (const labels of [null, [], 'x', undefined]) expect(labelsOf({ metadata: { labels } })).to.deep.equal({});
	});
	it('a deletionTimestamp › being deleted, but not if it is null', () => {
		const stamps = ['2026-01-01T00:00:00Z', undefined, null];
		const deleted = stamps.map((deletionTimestamp) => isBeingDeleted({ metadata: { deletionTimestamp } }));
		expect(deleted).to.deep.equal([true, false, false]);
	});
});
