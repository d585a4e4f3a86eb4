/** What is in the base, and in which order it is applied. */
import { readdirSync } from 'node:fs';
import { expect } from 'chai';
import { BASE, baseFiles, baseObjects, objectOf } from '../../harness/manifest-files.ts';

const CLUSTER_SCOPED = /^(Namespace|ClusterRole|ClusterRoleBinding|\w+WebhookConfiguration)$/;

describe('manifests: base', () => {
	it('is applied by number, the registrations last', () => {
		const numbered = readdirSync(BASE).filter((file) => file !== 'kustomization.yaml');
		expect(baseFiles()).to.deep.equal(numbered.sort());
		const kinds = baseObjects().map(({ kind }) => kind);
		expect(kinds.slice(-2)).to.deep.equal(['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration']);
	});
	it('puts everything that has a namespace into ours', () => {
		for (const { kind, metadata } of baseObjects()) {
			const expected = CLUSTER_SCOPED.test(kind) ? undefined : objectOf('Namespace').metadata.name;
			expect(metadata.namespace, kind).to.equal(expected);
		}
	});
	it('brings neither CRDs nor Secrets', () => {
		expect(baseObjects().filter(({ kind }) => /^(CustomResourceDefinition|Secret)$/.test(kind))).to.deep.equal([]);
	});
});
