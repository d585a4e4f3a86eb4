import { expect } from 'chai';
import { crdOf } from '../../../src/api/crd.ts';
import { KIND_LIST } from '../../../src/api/names.ts';
import { SCALING_FIELDS, SessionStorageConfig } from '../../../src/api/schema.ts';
import type { Json } from '../../../src/api/types.ts';
import { definedKindOf, missingFields, type Path, UnusableCrd } from '../../../src/objects/crd.ts';

const PRESERVE = { 'x-kubernetes-preserve-unknown-fields': true };
const RULES = 'x-kubernetes-validations';
const ROOT = ['spec', 'versions', 0, 'schema', 'openAPIV3Schema'];
const SPEC = [...ROOT, 'properties', 'spec'];
const STORAGE = [...SPEC, 'properties', 'sessionStorage'];

const crdWith = (root: unknown, kind: string = 'MCPServer', more: Json = {}): Json => {
	const versions = [{ name: 'v1alpha1', schema: { openAPIV3Schema: root } }];
	const spec = { group: 'toolhive.stacklok.dev', names: { kind }, versions };
	return { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', spec, ...more };
};
const specWith = (spec: Json): Json => ({ type: 'object', properties: { spec } });
const fieldsWith = (properties: unknown): Json => specWith({ type: 'object', properties });
const storageWith = (storage: unknown): Json => fieldsWith({ ...SCALING_FIELDS.MCPServer, sessionStorage: storage });

const PARTS = SessionStorageConfig.properties ?? {};
const { db, ...WITHOUT_DB } = PARTS;
const [RULE] = SessionStorageConfig[RULES] ?? [];
const partsWith = (properties: Json): Json => storageWith({ ...SessionStorageConfig, properties });
const rulesWith = (rules: unknown): Json => storageWith({ ...SessionStorageConfig, [RULES]: rules });
const FIELDS = [...SPEC, 'properties'];
const ALL = Object.entries(SCALING_FIELDS.MCPServer).map(([key, value]) => ({ key, value }));
const NEW_SPEC = { type: 'object', properties: SCALING_FIELDS.MCPServer, ...PRESERVE };

const MISSING: [title: string, root: Json, path: Path, ...additions: { key?: string; value: unknown }[]][] = [
	['all fields', fieldsWith({ image: {} }), FIELDS, ...ALL],
	['spec has no properties', specWith(PRESERVE), SPEC, { key: 'properties', value: SCALING_FIELDS.MCPServer }],
	['no spec › it preserves what the root preserves', PRESERVE, ROOT, { key: 'properties', value: { spec: NEW_SPEC } }],
	['a part of sessionStorage', partsWith(WITHOUT_DB), [...STORAGE, 'properties'], { key: 'db', value: db }],
	['all rules', storageWith({ type: 'object', properties: PARTS }), STORAGE, { key: RULES, value: [RULE] }],
	['the rule beside another', rulesWith([{ rule: 'true' }]), [...STORAGE, RULES], { value: RULE }],
	['the rule has another message › nothing', rulesWith([{ rule: RULE?.rule, message: 'is required' }]), []],
	['a field of another type › no addition', fieldsWith({ ...SCALING_FIELDS.MCPServer, replicas: { type: 'x' } }), []],
];

describe('crd › missing fields', () => {
	for (const kind of KIND_LIST) {
		it(`${kind} › exactly its fields, and none in the CRD of the product`, () => {
			expect(missingFields(crdOf(kind) as Json, kind)).to.deep.equal([]);
			const [found] = missingFields(crdWith(fieldsWith({}), kind), kind);
			const additions = found?.missing.map(({ addition }) => [addition?.key, addition?.value]);
			expect(additions).to.deep.equal(Object.entries(SCALING_FIELDS[kind]));
		});
	}
	for (const [title, root, path, ...additions] of MISSING) {
		it(title, () => {
			const missing = missingFields(crdWith(root), 'MCPServer').flatMap((version) => version.missing);
			const expected = additions.map((addition) => ({ path, ...addition }));
			expect(missing.flatMap(({ addition }) => addition ?? [])).to.deep.equal(expected);
		});
	}
	it('the second version has a part › reported with version and names', () => {
		const complete = crdOf('MCPServer') as { spec: { versions: object[] } };
		const partly = { name: 'v1', schema: { openAPIV3Schema: storageWith({ properties: { provider: {}, db: {} } }) } };
		const crd = { ...complete, spec: { ...complete.spec, versions: [...complete.spec.versions, partly] } };
		const [found] = missingFields(crd, 'MCPServer');
		const parts = ['address', 'keyPrefix', 'passwordRef'].map((part) => `spec.sessionStorage.${part}`);
		expect(found?.version).to.equal('v1');
		expect(found?.missing.flatMap(({ fields }) => fields)).to.deep.equal([...parts, 'the rule of spec.sessionStorage']);
	});
});

const V1BETA1 = { apiVersion: 'apiextensions.k8s.io/v1beta1' };
const UNUSABLE: [title: string, crd: Json, message: string, path: Path][] = [
	['v1beta1', crdWith({}, 'MCPServer', V1BETA1), 'since Kubernetes 1.22 only', ['apiVersion']],
	['no versions', crdWith({}, 'MCPServer', { spec: {} }), 'has no list of versions', ['spec']],
	['empty versions', crdWith({}, 'MCPServer', { spec: { versions: [] } }), 'has no list of versions', ['spec']],
	['no schema', crdWith(undefined), 'version v1alpha1 of the CRD of MCPServer has no schema', ['spec', 'versions', 0]],
	['properties are null', crdWith(fieldsWith(null)), 'properties is not a mapping', [...SPEC, 'properties']],
	['sessionStorage is null', crdWith(storageWith(null)), 'sessionStorage is not a mapping', STORAGE],
	['a string', crdWith(storageWith({ type: 'string' })), 'is of type "string"', [...STORAGE, 'type']],
	['rules are not a list', crdWith(storageWith({ [RULES]: {} })), 'is not a list', [...STORAGE, RULES]],
];

describe('crd › unusable', () => {
	for (const [title, crd, message, path] of UNUSABLE) {
		it(title, () => {
			expect(() => missingFields(crd, 'MCPServer'))
				.to.throw(UnusableCrd, message)
				.with.deep.property('path', path);
		});
	}
});

describe('crd › the kind that it defines', () => {
	it('a CRD of the product › its kind; another object or group › none', () => {
		expect(definedKindOf(crdWith({}, 'MCPRemoteProxy'))).to.equal('MCPRemoteProxy');
		const spec = { group: 'other.dev', names: { kind: 'MCPServer' } };
		for (const other of [
			{ ...crdWith({}), kind: 'MCPServer' },
			crdWith({}, 'MCPServer', { spec }),
			crdWith({}, 'MCPGroup'),
		])
			expect(definedKindOf(other)).to.equal(undefined);
	});
});
