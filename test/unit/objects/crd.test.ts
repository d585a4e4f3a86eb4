import { expect } from 'chai';
import { describe, it } from 'mocha';
import { crdOf } from '../../../src/api/crd.ts';
import { KIND_LIST, type Kind } from '../../../src/api/names.ts';
import { SCALING_FIELDS, SessionStorageConfig } from '../../../src/api/schema.ts';
import type { Json } from '../../../src/api/types.ts';
import { definedKindOf, missingFields } from '../../../src/objects/crd.ts';
import { crdWith, ROOT, SPEC, STORAGE, specWith } from './build-crd.ts';

const { replicas, backendReplicas, sessionStorage } = SCALING_FIELDS.MCPServer;
const [RULE] = SessionStorageConfig['x-kubernetes-validations'] ?? [];
const storageWith = (storage: unknown): object =>
	specWith({ type: 'object', properties: { replicas, backendReplicas, sessionStorage: storage } });

describe('what a CRD lacks', () => {
	for (const kind of KIND_LIST) {
		it(`nothing, if it is ours: ${kind}`, () => {
			expect(missingFields(crdOf(kind) as Json, kind)).to.deep.equal([]);
		});
		it(`of ${kind}: what the kind has, and no more`, () => {
			const [lack] = missingFields(crdWith(specWith({ type: 'object', properties: {} }), kind), kind);
			expect(lack?.missing.map(({ addition }) => addition?.key)).to.deep.equal(Object.keys(SCALING_FIELDS[kind]));
			expect(lack?.missing.map(({ addition }) => addition?.value)).to.deep.equal(Object.values(SCALING_FIELDS[kind]));
		});
	}

	const whole = [
		{ path: [...SPEC, 'properties'], key: 'replicas', value: replicas },
		{ path: [...SPEC, 'properties'], key: 'backendReplicas', value: backendReplicas },
		{ path: [...SPEC, 'properties'], key: 'sessionStorage', value: sessionStorage },
	];
	const without = (key: string): object => {
		const { [key]: _, ...others } = SessionStorageConfig.properties ?? {};
		return { ...SessionStorageConfig, properties: others };
	};
	const withRules = (rules: unknown) => ({ ...SessionStorageConfig, 'x-kubernetes-validations': rules });
	const typed = (rules: readonly object[]) => ({ path: [...STORAGE, 'x-kubernetes-validations'], value: rules[0] });
	const rows = [
		{ it: 'every field', root: specWith({ type: 'object', properties: { image: {} } }), additions: whole },
		{
			it: 'the fields beside preserved unknown ones',
			root: specWith({ type: 'object', properties: {}, 'x-kubernetes-preserve-unknown-fields': true }),
			additions: whole,
		},
		{
			it: 'the properties themselves, where spec has none',
			root: specWith({ 'x-kubernetes-preserve-unknown-fields': true }),
			additions: [{ path: SPEC, key: 'properties', value: SCALING_FIELDS.MCPServer }],
		},
		{
			it: 'spec itself, which keeps what the whole keeps',
			root: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
			additions: [
				{
					path: ROOT,
					key: 'properties',
					value: {
						spec: {
							type: 'object',
							properties: SCALING_FIELDS.MCPServer,
							'x-kubernetes-preserve-unknown-fields': true,
						},
					},
				},
			],
		},
		{ it: 'one field', root: specWith({ properties: { replicas: {}, backendReplicas: {} } }), additions: [whole[2]] },
		{
			it: 'a part of sessionStorage',
			root: storageWith(without('db')),
			additions: [{ path: [...STORAGE, 'properties'], key: 'db', value: SessionStorageConfig.properties?.['db'] }],
		},
		{
			it: 'a part of passwordRef',
			root: storageWith({
				...SessionStorageConfig,
				properties: { ...SessionStorageConfig.properties, passwordRef: { properties: { name: {} } } },
			}),
			additions: [
				{
					path: [...STORAGE, 'properties', 'passwordRef', 'properties'],
					key: 'key',
					value: { type: 'string', description: 'Key within the Secret.' },
				},
			],
		},
		{
			it: 'the rules, where there are none',
			root: storageWith({ type: 'object', properties: SessionStorageConfig.properties }),
			additions: [{ path: STORAGE, key: 'x-kubernetes-validations', value: [RULE] }],
		},
		{
			it: 'the rule among others',
			root: storageWith(withRules([{ rule: 'true' }])),
			additions: [typed([RULE as object])],
		},
		{
			it: 'nothing: the rule stands there with another message',
			root: storageWith(withRules([{ rule: RULE?.rule, message: 'address is required' }])),
			additions: [],
		},
		{
			it: 'nothing: what is there differs and is newer',
			root: storageWith({
				...SessionStorageConfig,
				properties: { ...SessionStorageConfig.properties, address: { type: 'string', minLength: 1 }, tls: {} },
			}),
			additions: [],
		},
		{
			it: 'nothing: a count of another type is not ours to correct',
			root: specWith({ properties: { ...SCALING_FIELDS.MCPServer, replicas: { type: 'string' } } }),
			additions: [],
		},
	];
	for (const { it: title, root, additions } of rows) {
		it(title, () => {
			const lacks = missingFields(crdWith(root), 'MCPServer');
			expect(lacks.flatMap(({ missing }) => missing.flatMap(({ addition }) => addition ?? []))).to.deep.equal(
				additions,
			);
		});
	}

	it('is told by version, in words', () => {
		const ours = crdOf('MCPServer') as { spec: { versions: object[] } };
		const partly = { name: 'v1', schema: { openAPIV3Schema: storageWith({ properties: { provider: {}, db: {} } }) } };
		const crd = { ...ours, spec: { ...ours.spec, versions: [...ours.spec.versions, partly] } };
		const told = missingFields(crd, 'MCPServer').map(({ version, missing }) => [
			version,
			...missing.flatMap(({ fields }) => fields),
		]);
		const parts = ['address', 'keyPrefix', 'passwordRef'].map((part) => `spec.sessionStorage.${part}`);
		expect(told).to.deep.equal([['v1', ...parts, 'the rule of spec.sessionStorage']]);
	});
});

describe('a CRD of ours', () => {
	const { spec } = crdWith({}) as { spec: object };
	const rows: { it: string; object: unknown; kind: Kind | undefined }[] = [
		{ it: 'defines a kind of server', object: crdWith({}, 'MCPRemoteProxy'), kind: 'MCPRemoteProxy' },
		{
			it: 'is of our group',
			object: crdWith({}, 'MCPServer', { spec: { ...spec, group: 'other.dev' } }),
			kind: undefined,
		},
		{ it: 'is of one of three kinds', object: crdWith({}, 'MCPGroup' as Kind), kind: undefined },
		{ it: 'is a CRD', object: { ...crdWith({}), kind: 'MCPServer' }, kind: undefined },
		{ it: 'has a spec', object: { kind: 'CustomResourceDefinition' }, kind: undefined },
		{
			it: 'has names',
			object: crdWith({}, 'MCPServer', { spec: { group: 'toolhive.stacklok.dev' } }),
			kind: undefined,
		},
		{ it: 'is an object', object: null, kind: undefined },
	];
	for (const { it: title, object, kind } of rows) {
		it(title, () => expect(definedKindOf(object)).to.equal(kind));
	}
});
