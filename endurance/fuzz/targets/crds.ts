/** Adds the scaling fields to ToolHive's CRDs and checks that every existing byte stays. */
import { expect } from 'chai';
import { completeCrds, crdTextOf } from '../../../src/manifests/crd-text.ts';
import { Unparsable } from '../../../src/manifests/values.ts';

import { fileText, type Target, unless } from '../target.ts';

const BARE = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: mcpservers.toolhive.stacklok.dev}
spec:
  group: toolhive.stacklok.dev
  names: {kind: MCPServer}
  versions:
  - name: v1alpha1
    # what it has
    schema:
      openAPIV3Schema:
        properties:
          spec: {properties: {image: {type: string}}}
`;

export const crds: Target = {
	name: 'crds',
	seeds: () => [
		BARE,
		`${BARE}---\n${BARE}`,
		JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [{ kind: 'CustomResourceDefinition', spec: {} }] }),
		BARE.replace('spec: {properties: {image: {type: string}}}', 'spec:\n            type: object\n'),
		fileText('test/fixtures/old-mcpservers-crd.yaml').slice(0, 3000),
		crdTextOf('MCPRemoteProxy'),
	],
	words: [
		'openAPIV3Schema:',
		'x-kubernetes-validations: []\n',
		'sessionStorage: {}\n',
		'properties: {}\n',
		'items:\n- ',
	],
	check: (text) => {
		const completed = unless([Unparsable], () => completeCrds(text));
		if (completed === undefined) return;
		expect(isSubsequence(text, completed.text), 'every character that was there').to.equal(true);
		if (completed.text === text) return;
		const again = completeCrds(completed.text);
		expect([again.text, again.found]).to.deep.equal([completed.text, completed.found]);
	},
};

function isSubsequence(part: string, whole: string): boolean {
	let found = 0;
	for (const character of whole) if (part.startsWith(character, found)) found += character.length;
	return found === part.length;
}
