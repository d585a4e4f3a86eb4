import { expect } from 'chai';
import { describe, it } from 'mocha';
import { missingFields, UnusableCrd } from '../../../src/objects/crd.ts';
import { crdWith, ROOT, SPEC, STORAGE, specWith } from './build-crd.ts';

const storageWith = (storage: unknown): object => specWith({ properties: { sessionStorage: storage } });

describe('a CRD that cannot be completed', () => {
	const refused = [
		{
			it: 'v1beta1',
			crd: crdWith({}, 'MCPServer', { apiVersion: 'apiextensions.k8s.io/v1beta1' }),
			says: 'since Kubernetes 1.22 only',
			at: ['apiVersion'],
		},
		{ it: 'no versions', crd: crdWith({}, 'MCPServer', { spec: {} }), says: 'has no list of versions', at: ['spec'] },
		{
			it: 'empty versions',
			crd: crdWith({}, 'MCPServer', { spec: { versions: [] } }),
			says: 'has no list of versions',
			at: ['spec'],
		},
		{
			it: 'a version without schema',
			crd: crdWith(undefined),
			says: 'version v1alpha1 of the CRD of MCPServer has no schema',
			at: ['spec', 'versions', 0],
		},
		{
			it: 'properties that are a list',
			crd: crdWith({ properties: [] }),
			says: 'properties is not a mapping',
			at: [...ROOT, 'properties'],
		},
		{
			it: 'properties that are null',
			crd: crdWith(specWith({ properties: null })),
			says: 'properties is not a mapping',
			at: [...SPEC, 'properties'],
		},
		{
			it: 'a sessionStorage that is null',
			crd: crdWith(storageWith(null)),
			says: 'sessionStorage is not a mapping',
			at: STORAGE,
		},
		{
			it: 'a sessionStorage that is text',
			crd: crdWith(storageWith({ type: 'string' })),
			says: 'spec.sessionStorage is of type "string"',
			at: [...STORAGE, 'type'],
		},
		{
			it: 'rules that are no list',
			crd: crdWith(storageWith({ 'x-kubernetes-validations': {} })),
			says: 'is not a list',
			at: [...STORAGE, 'x-kubernetes-validations'],
		},
	];
	for (const { it: title, crd, says, at } of refused) {
		it(title, () => {
			expect(() => missingFields(crd, 'MCPServer'))
				.to.throw(UnusableCrd, says)
				.with.deep.property('path', at);
		});
	}
});
