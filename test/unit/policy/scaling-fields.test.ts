import { Ajv } from 'ajv';
import { expect } from 'chai';
import fc from 'fast-check';
import { KIND_LIST, type Kind } from '../../../src/api/names.ts';
import { SCALING_FIELDS } from '../../../src/api/schema.ts';
import type { Json } from '../../../src/api/types.ts';
import { checkScalingFields } from '../../../src/policy/scaling-fields.ts';

const redis = { provider: 'redis', address: 'r:1' };
const stored = (part: object): Json => ({ sessionStorage: { ...redis, ...part } });

const messagesFor = (spec: Json, kind: Kind = 'MCPServer'): string[] =>
	checkScalingFields(spec, kind).map(({ field, message }) => `${field}: ${message}`);

describe('scaling-field-invalid', () => {
	for (const [title, spec, denials] of [
		['replicas as a text', { replicas: '3' }, ['spec.replicas: must be of type integer']],
		['replicas below 0', { replicas: -1 }, ['spec.replicas: must be at least 0']],
		['replicas above int32', { replicas: 2 ** 31 }, ['spec.replicas: must be a 32-bit integer']],
		['sessionStorage as a text', { sessionStorage: 'x' }, ['spec.sessionStorage: must be of type object']],
		['no provider', { sessionStorage: {} }, ['spec.sessionStorage.provider: is required']],
		['another provider', stored({ provider: 'etcd' }), ['spec.sessionStorage.provider: must be one of memory, redis']],
		[
			'empty passwordRef',
			stored({ passwordRef: {} }),
			['spec.sessionStorage.passwordRef.name: is required', 'spec.sessionStorage.passwordRef.key: is required'],
		],
		[
			'several fields',
			{ replicas: -1, backendReplicas: 'x' },
			['spec.replicas: must be at least 0', 'spec.backendReplicas: must be of type integer'],
		],
		['every field unset', {}, []],
		['tls, a field of a newer CRD', stored({ tls: { insecureSkipVerify: 'x' } }), []],
		['fields that are not in the schema', { transport: 7, constructor: 1, image: null }, []],
		['a key __proto__', JSON.parse('{"__proto__":{"replicas":-1}}'), []],
	] as readonly [string, Json, string[]][]) {
		it(`${title} › ${denials.length > 0 ? 'denied' : 'allowed'}`, () => {
			expect(messagesFor(spec)).to.deep.equal(denials);
		});
	}
	for (const kind of ['VirtualMCPServer', 'MCPRemoteProxy'] as const) {
		it(`${kind}, which has no backendReplicas › allowed`, () => {
			expect(messagesFor({ backendReplicas: 'x' }, kind)).to.deep.equal([]);
		});
	}
});

describe('scaling-field-invalid › a variable that was not substituted', () => {
	const HINT = ' looks like an unsubstituted variable: review the rendered manifests';
	const VARIABLES = [`\${N:=2}`, `\${REPLICAS}`, '$REPLICAS', '$(REPLICAS)', '{{ .Values.replicas }}', '{{replicas}}'];
	for (const [field, specWith, rule] of [
		['replicas', (value: string) => ({ replicas: value }), 'must be of type integer'],
		['sessionStorage', (value: string) => ({ sessionStorage: value }), 'must be of type object'],
		['sessionStorage.provider', (value: string) => stored({ provider: value }), 'must be one of memory, redis'],
		['sessionStorage.passwordRef', (value: string) => stored({ passwordRef: value }), 'must be of type object'],
	] as const) {
		it(`${field} › denied, and the message has a hint`, () => {
			for (const variable of VARIABLES)
				expect(messagesFor(specWith(variable))).to.deep.equal([`spec.${field}: ${rule}, and "${variable}"${HINT}`]);
		});
		it(`${field}, another text › denied without a hint`, () => {
			for (const text of ['3', 'two', '{', '$', '5$', 'a b', '100%'])
				expect(messagesFor(specWith(text))).to.deep.equal([`spec.${field}: ${rule}`]);
		});
	}
	it('a long variable › shortened', () => {
		const [message] = messagesFor({ replicas: `\${${'N'.repeat(200)}}` });
		expect(message).to.include(`and "\${${'N'.repeat(55)}..."${HINT}`);
	});
	it('3 MB of braces › denied within 200 ms of CPU time', () => {
		const started = process.cpuUsage();
		for (const part of ['{', '$'.concat('{'), '$('])
			expect(messagesFor({ replicas: part.repeat(1_500_000) })).to.have.length(1);
		expect(process.cpuUsage(started).user / 1000).to.be.below(200);
	});
});

describe('scaling-field-invalid › compared with a JSON Schema validator', () => {
	// In strict mode, a schema keyword that is not listed here fails the test, because scaling-fields.ts does not check
	// it yet.
	const ajv = new Ajv({ allErrors: true, strict: true, keywords: ['x-kubernetes-validations'] });
	ajv.addFormat('int32', { type: 'number', validate: (value: number) => value < 2 ** 31 });
	const validate = ajv.compile({ type: 'object', properties: SCALING_FIELDS.MCPServer });

	it('every keyword in the schema › checked', () => {
		const keywords = new Set([...JSON.stringify(SCALING_FIELDS).matchAll(/"([\w-]+)":/g)].map(([, key]) => key));
		const fields = 'replicas backendReplicas sessionStorage provider address db keyPrefix passwordRef name key';
		for (const field of [...fields.split(' '), ...KIND_LIST]) keywords.delete(field);
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
				// The validator may return two messages for one field.
				const denied = checkScalingFields(fields, 'MCPServer').map(({ field }) => field);
				expect(denied).to.deep.equal([...new Set(expected)]);
			}),
			{ numRuns: 2_000 },
		);
	});
});
