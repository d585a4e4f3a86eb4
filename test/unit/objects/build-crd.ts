/** CRDs for the tests of what they lack. */
import type { Kind } from '../../../src/api/names.ts';
import type { Json } from '../../../src/api/types.ts';

export const crdWith = (root: unknown, kind: Kind = 'MCPServer', more: object = {}): Json => ({
	apiVersion: 'apiextensions.k8s.io/v1',
	kind: 'CustomResourceDefinition',
	metadata: { name: 'x' },
	spec: {
		group: 'toolhive.stacklok.dev',
		names: { kind },
		versions: [{ name: 'v1alpha1', schema: { openAPIV3Schema: root } }],
	},
	...more,
});

export const ROOT = ['spec', 'versions', 0, 'schema', 'openAPIV3Schema'];
export const SPEC = [...ROOT, 'properties', 'spec'];
export const STORAGE = [...SPEC, 'properties', 'sessionStorage'];
export const specWith = (spec: object): object => ({ type: 'object', properties: { spec } });
