/** Tests the denials for types and values. The golden cases show each message. */
import { Ajv } from 'ajv';
import { expect } from 'chai';
import fc from 'fast-check';
import { SCALING_FIELDS } from '../../../src/api/schema.ts';
import type { Json } from '../../../src/api/types.ts';
import { checkScalingFields } from '../../../src/policy/scaling-fields.ts';

const messagesFor = (spec: Json): string[] =>
	checkScalingFields(spec, 'MCPServer').map(({ field, message }) => `${field}: ${message}`);

describe('scaling-field-invalid', () => {
	it('fields that are not in the schema of the kind › allowed', () => {
		const proto = JSON.parse('{"__proto__":{"replicas":-1}}');
		expect(messagesFor({ transport: 7, constructor: 1, sessionStorage: { provider: 'redis', tls: 'x' } })).to.be.empty;
		expect(messagesFor(proto)).to.be.empty;
		expect(checkScalingFields({ backendReplicas: 'x' }, 'MCPRemoteProxy')).to.be.empty;
	});
});

describe('scaling-field-invalid › a variable that was not substituted', () => {
	const HINT = 'looks like an unsubstituted variable: review the rendered manifests';
	for (const variable of [`\${N:=2}`, '$REPLICAS', '$(REPLICAS)', '{{ .Values.replicas }}', '{{replicas}}']) {
		it(`${variable} › the message has a hint`, () => {
			const expected = `spec.replicas: must be of type integer, and "${variable}" ${HINT}`;
			expect(messagesFor({ replicas: variable })).to.deep.equal([expected]);
		});
	}
	it('another text › no hint', () => {
		for (const text of ['3', 'two', '{', '$', '5$', 'a b', '100%'])
			expect(messagesFor({ replicas: text })).to.deep.equal(['spec.replicas: must be of type integer']);
	});
});

describe('scaling-field-invalid › compared with a JSON Schema validator', () => {
	// In strict mode, an unknown keyword in the schema fails the test.
	const ajv = new Ajv({ allErrors: true, strict: true, keywords: ['x-kubernetes-validations'] });
	ajv.addFormat('int32', { type: 'number', validate: (value: number) => value < 2 ** 31 });
	const validate = ajv.compile({ type: 'object', properties: SCALING_FIELDS.MCPServer });

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
