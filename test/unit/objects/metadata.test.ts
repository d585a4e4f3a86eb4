import { expect } from 'chai';
import type { Json } from '../../../src/api/types.ts';
import { annotationOf, isBeingDeleted, labelsOf, ownersOf, withAnnotation } from '../../../src/objects/metadata.ts';

const owner = { apiVersion: 'toolhive.stacklok.dev/v1beta1', kind: 'MCPServer', name: 'a', uid: 'u1' };
const noUid = { kind: 'MCPServer', namespace: 'demo', name: 'a' };
const found = { ...noUid, uid: 'u1' };

const OWNERS: { it: string; references: unknown; are: unknown[] }[] = [
	{ it: 'v1beta1', references: [owner], are: [found] },
	{ it: 'v1alpha1', references: [{ ...owner, apiVersion: 'toolhive.stacklok.dev/v1alpha1' }], are: [found] },
	{ it: 'after a reference of somebody else', references: [{ ...owner, apiVersion: 'apps/v1' }, owner], are: [found] },
	{ it: 'two of them', references: [{ ...owner, uid: 'u0' }, owner], are: [{ ...found, uid: 'u0' }, found] },
	{
		it: 'two of them, the second is the controller',
		references: [
			{ ...owner, uid: 'u0' },
			{ ...owner, controller: true },
		],
		are: [found, { ...found, uid: 'u0' }],
	},
	{ it: 'without uid, as manifests have it', references: [{ ...owner, uid: undefined }], are: [noUid] },
	{ it: 'another group', references: [{ ...owner, apiVersion: 'example.com/v1' }], are: [] },
	{ it: 'a group that begins alike', references: [{ ...owner, apiVersion: 'toolhive.stacklok.dev.evil/v1' }], are: [] },
	{ it: 'another kind of the group', references: [{ ...owner, kind: 'MCPGroup' }], are: [] },
	{ it: 'a kind that is a member of Object', references: [{ ...owner, kind: 'constructor' }], are: [] },
	{ it: 'a server of another name', references: [{ ...owner, name: 'b' }], are: [] },
	{ it: 'no name', references: [{ ...owner, name: undefined }], are: [] },
	{ it: 'an empty list', references: [], are: [] },
	{ it: 'null', references: null, are: [] },
	{ it: 'a list of rubbish', references: [null, 3, 'x', []], are: [] },
];

describe('ownersOf', () => {
	for (const row of OWNERS) {
		it(`${row.it}: ${row.are.length === 0 ? 'not ours' : 'found'}`, () => {
			expect(ownersOf({ metadata: { name: 'a', ownerReferences: row.references } }, 'demo')).to.deep.equal(row.are);
		});
	}
	it('looks for the name that the operator gives such an object', () => {
		const object = { metadata: { name: 'a-runconfig', ownerReferences: [owner] } };
		expect(ownersOf(object, 'demo', () => '-runconfig')).to.deep.equal([found]);
		expect(ownersOf(object, 'demo')).to.deep.equal([]);
	});
	it('no metadata: not ours', () => {
		for (const object of [{}, { metadata: null }, { metadata: [] }] as Json[]) {
			expect(ownersOf(object, 'demo')).to.deep.equal([]);
		}
	});
});

describe('annotations', () => {
	it('are added where there are none, or null', () => {
		const wanted = { metadata: { annotations: { k: 'v' } } };
		expect(withAnnotation({}, 'k', 'v')).to.deep.equal(wanted);
		expect(withAnnotation({ metadata: { annotations: null } }, 'k', 'v')).to.deep.equal(wanted);
	});
	it('leave their neighbours alone', () => {
		const before = { metadata: { name: 'n', annotations: { a: '1', k: 'old' } } };
		expect(withAnnotation(before, 'k', 'v')).to.deep.equal({
			metadata: { name: 'n', annotations: { a: '1', k: 'v' } },
		});
		expect(withAnnotation(before, 'k', undefined)).to.deep.equal({ metadata: { name: 'n', annotations: { a: '1' } } });
		expect(before.metadata.annotations).to.deep.equal({ a: '1', k: 'old' });
	});
	it('keep a key called __proto__', () => {
		const before = JSON.parse('{"metadata":{"annotations":{"__proto__":"x"}}}');
		const after = JSON.stringify(withAnnotation(before, 'k', 'v'));
		expect(after).to.equal('{"metadata":{"annotations":{"__proto__":"x","k":"v"}}}');
	});
	it('that are no text are not read', () => {
		expect(annotationOf({ metadata: { annotations: { k: 3 } } }, 'k')).to.equal(undefined);
		expect(annotationOf({ metadata: { annotations: 'x' } }, 'k')).to.equal(undefined);
	});
});

describe('labels and deletion', () => {
	it('labels that are no object are none', () => {
		for (const labels of [null, [], 'x', undefined]) expect(labelsOf({ metadata: { labels } })).to.deep.equal({});
	});
	it('a deletionTimestamp means being deleted', () => {
		expect(isBeingDeleted({ metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } })).to.equal(true);
		expect(isBeingDeleted({ metadata: {} })).to.equal(false);
	});
	it('a deletionTimestamp of null does not', () => {
		expect(isBeingDeleted({ metadata: { deletionTimestamp: null } })).to.equal(false);
	});
});
