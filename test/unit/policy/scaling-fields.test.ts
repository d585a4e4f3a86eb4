import { Ajv } from 'ajv';
import { expect } from 'chai';
import fc from 'fast-check';
import type { Kind } from '../../../src/api/names.ts';
import { SCALING_FIELDS } from '../../../src/api/schema.ts';
import type { Json } from '../../../src/api/types.ts';
import { checkScalingFields } from '../../../src/policy/scaling-fields.ts';

const redis = { provider: 'redis', address: 'r:1' };
const stored = (part: object): Json => ({ sessionStorage: { ...redis, ...part } });

interface Row {
	it: string;
	kind?: Kind;
	spec: Json;
	denied: string[];
}

const TABLE: Row[] = [
	{ it: 'replicas as a text', spec: { replicas: '3' }, denied: ['spec.replicas: must be of type integer'] },
	{ it: 'replicas as a fraction', spec: { replicas: 1.5 }, denied: ['spec.replicas: must be of type integer'] },
	{ it: 'replicas as true', spec: { replicas: true }, denied: ['spec.replicas: must be of type integer'] },
	{ it: 'replicas below 0', spec: { replicas: -1 }, denied: ['spec.replicas: must be at least 0'] },
	{ it: 'replicas above int32', spec: { replicas: 2 ** 31 }, denied: ['spec.replicas: must be a 32-bit integer'] },
	{
		it: 'backendReplicas below 0',
		spec: { backendReplicas: -1 },
		denied: ['spec.backendReplicas: must be at least 0'],
	},
	{
		it: 'sessionStorage as a text',
		spec: { sessionStorage: 'redis' },
		denied: ['spec.sessionStorage: must be of type object'],
	},
	{
		it: 'sessionStorage as a list',
		spec: { sessionStorage: [] },
		denied: ['spec.sessionStorage: must be of type object'],
	},
	{ it: 'provider missing', spec: { sessionStorage: {} }, denied: ['spec.sessionStorage.provider: is required'] },
	{
		it: 'provider outside its enum',
		spec: stored({ provider: 'etcd' }),
		denied: ['spec.sessionStorage.provider: must be one of memory, redis'],
	},
	{
		it: 'address as a number',
		spec: stored({ address: 1 }),
		denied: ['spec.sessionStorage.address: must be of type string'],
	},
	{ it: 'db below 0', spec: stored({ db: -1 }), denied: ['spec.sessionStorage.db: must be at least 0'] },
	{ it: 'db as a text', spec: stored({ db: '2' }), denied: ['spec.sessionStorage.db: must be of type integer'] },
	{
		it: 'keyPrefix as a list',
		spec: stored({ keyPrefix: [] }),
		denied: ['spec.sessionStorage.keyPrefix: must be of type string'],
	},
	{
		it: 'passwordRef without key',
		spec: stored({ passwordRef: { name: 'n' } }),
		denied: ['spec.sessionStorage.passwordRef.key: is required'],
	},
	{
		it: 'passwordRef without anything',
		spec: stored({ passwordRef: {} }),
		denied: ['spec.sessionStorage.passwordRef.name: is required', 'spec.sessionStorage.passwordRef.key: is required'],
	},
	{
		it: 'several at once, each with its field',
		spec: { replicas: -1, backendReplicas: 'x', sessionStorage: { provider: 'etcd' } },
		denied: [
			'spec.replicas: must be at least 0',
			'spec.backendReplicas: must be of type integer',
			'spec.sessionStorage.provider: must be one of memory, redis',
		],
	},
	{ it: 'everything unset', spec: {}, denied: [] },
	{ it: 'zeros', spec: { replicas: 0, backendReplicas: 0, ...stored({ db: 0 }) }, denied: [] },
	{ it: 'the largest int32', spec: { replicas: 2 ** 31 - 1 }, denied: [] },
	{ it: 'everything set', spec: stored({ db: 2, keyPrefix: 'a:', passwordRef: { name: 'n', key: 'k' } }), denied: [] },
	{ it: 'tls, which a newer CRD knows', spec: stored({ tls: { insecureSkipVerify: 'what?' } }), denied: [] },
	{ it: 'fields the schema does not know', spec: { transport: 7, constructor: 1, image: null }, denied: [] },
	{ it: 'backendReplicas of a VirtualMCPServer', kind: 'VirtualMCPServer', spec: { backendReplicas: 'x' }, denied: [] },
	{ it: 'backendReplicas of an MCPRemoteProxy', kind: 'MCPRemoteProxy', spec: { backendReplicas: -1 }, denied: [] },
];

const HINT = ' looks like an unsubstituted variable: review the rendered manifests';
const VARIABLES = [`\${N:=2}`, `\${REPLICAS}`, '$REPLICAS', '$(REPLICAS)', '{{ .Values.replicas }}', '{{replicas}}'];
const TYPED = [
	{ field: 'replicas', of: (value: string) => ({ replicas: value }), rule: 'must be of type integer' },
	{ field: 'backendReplicas', of: (value: string) => ({ backendReplicas: value }), rule: 'must be of type integer' },
	{ field: 'sessionStorage', of: (value: string) => ({ sessionStorage: value }), rule: 'must be of type object' },
	{
		field: 'sessionStorage.provider',
		of: (value: string) => stored({ provider: value }),
		rule: 'must be one of memory, redis',
	},
	{ field: 'sessionStorage.db', of: (value: string) => stored({ db: value }), rule: 'must be of type integer' },
	{
		field: 'sessionStorage.passwordRef',
		of: (value: string) => stored({ passwordRef: value }),
		rule: 'must be of type object',
	},
];

describe('a variable that was not substituted', () => {
	const messages = (spec: Json): string[] =>
		checkScalingFields(spec, 'MCPServer').map(({ field, message }) => `${field}: ${message}`);
	for (const { field, of, rule } of TYPED) {
		it(`${field} › a variable › denied, and the message tells so`, () => {
			for (const variable of VARIABLES) {
				expect(messages(of(variable))).to.deep.equal([`spec.${field}: ${rule}, and "${variable}"${HINT}`]);
			}
		});
		it(`${field} › another text › denied as before`, () => {
			for (const text of ['3', 'two', '{', '$', '5$', 'a b', '100%']) {
				expect(messages(of(text))).to.deep.equal([`spec.${field}: ${rule}`]);
			}
		});
	}
	it('a long one › cut', () => {
		expect(messages({ replicas: `\${${'N'.repeat(200)}}` })[0]).to.include(`and "\${${'N'.repeat(55)}..."${HINT}`);
	});
	it('3 MB of braces › denied within 200 ms', () => {
		const startedMs = performance.now();
		for (const part of ['{', '$'.concat('{'), '$('])
			expect(messages({ replicas: part.repeat(1_500_000) })).to.have.length(1);
		expect(performance.now() - startedMs).to.be.below(200);
	});
});

describe('types, enums and minima of the scaling schema', () => {
	for (const row of TABLE) {
		it(`${row.it}: ${row.denied.length > 0 ? 'denied' : 'allowed'}`, () => {
			const violations = checkScalingFields(row.spec, row.kind ?? 'MCPServer');
			expect(violations.map(({ field, message }) => `${field}: ${message}`)).to.have.members(row.denied);
		});
	}
	it('a key called __proto__ is only a key', () => {
		expect(checkScalingFields(JSON.parse('{"__proto__":{"replicas":-1}}'), 'MCPServer')).to.deep.equal([]);
	});
});

describe('scaling-fields › beside a JSON Schema validator', () => {
	// Strict: a keyword in the schema that is not listed here fails the test, and needs a check in scaling-fields.ts.
	const ajv = new Ajv({ allErrors: true, strict: true, keywords: ['x-kubernetes-validations'] });
	ajv.addFormat('int32', { type: 'number', validate: (value: number) => value < 2 ** 31 });
	const validate = ajv.compile({ type: 'object', properties: SCALING_FIELDS.MCPServer });

	it('every keyword of the schema is one that is checked', () => {
		const keywords = new Set([...JSON.stringify(SCALING_FIELDS).matchAll(/"([\w-]+)":/g)].map(([, key]) => key));
		for (const field of ['replicas', 'backendReplicas', 'sessionStorage', 'provider', 'address', 'db', 'keyPrefix'])
			keywords.delete(field);
		for (const field of ['passwordRef', 'name', 'key', 'MCPServer', 'VirtualMCPServer', 'MCPRemoteProxy'])
			keywords.delete(field);
		expect([...keywords]).to.have.members([
			...['type', 'format', 'minimum', 'description', 'required', 'properties', 'enum', 'default'],
			...['x-kubernetes-validations', 'rule', 'message'],
		]);
	});
	it('any value › the same fields are denied', () => {
		const leaf = fc.constantFrom('memory', 'redis', 'x', '', 0, 1, -1, 2 ** 31, 2 ** 31 - 1, 1.5, true, null, [], {});
		const some = <T extends object>(shape: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
			fc.oneof(leaf, fc.record(shape, { requiredKeys: [] }));
		const passwordRef = some({ name: leaf, key: leaf });
		const sessionStorage = some({ provider: leaf, address: leaf, db: leaf, keyPrefix: leaf, passwordRef });
		const spec = fc.record({ replicas: leaf, backendReplicas: leaf, sessionStorage }, { requiredKeys: [] });
		fc.assert(
			fc.property(spec, (fields) => {
				validate(fields);
				const expected = (validate.errors ?? []).map(({ instancePath, params }) =>
					['spec', ...instancePath.split('/').slice(1), ...[params['missingProperty'] ?? []].flat()].join('.'),
				);
				// The validator may have two messages for one field.
				const denied = checkScalingFields(fields, 'MCPServer').map(({ field }) => field);
				expect(denied).to.deep.equal([...new Set(expected)]);
			}),
			{ numRuns: 2_000 },
		);
	});
});
