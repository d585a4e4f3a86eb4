import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { SCALING_FIELDS, type Schema, SecretKeyRefSchema, SessionStorageConfig } from '../../../src/api/schema.ts';

const COUNT = { type: 'integer', format: 'int32', minimum: 0 };

/** `schema` without the texts for people. */
const bare = (schema: Schema | undefined): unknown =>
	JSON.parse(JSON.stringify(schema), (key, value) => (key === 'description' ? undefined : value));

const FIELDS = [
	{ kind: 'MCPServer', fields: ['replicas', 'backendReplicas', 'sessionStorage'] },
	{ kind: 'VirtualMCPServer', fields: ['replicas', 'sessionStorage'] },
	{ kind: 'MCPRemoteProxy', fields: ['replicas', 'sessionStorage'] },
] as const;

describe('scaling schema (SPEC.md 2)', () => {
	for (const { kind, fields } of FIELDS) {
		it(`${kind} has ${fields.join(', ')}`, () => {
			expect(Object.keys(SCALING_FIELDS[kind])).to.have.members([...fields]);
		});
		it(`${kind}: counts are int32, minimum 0, no maximum, no default`, () => {
			for (const name of fields.filter((field) => field !== 'sessionStorage')) {
				expect(bare(SCALING_FIELDS[kind][name])).to.deep.equal(COUNT);
			}
		});
		it(`${kind}: sessionStorage is the one SessionStorageConfig`, () => {
			expect(SCALING_FIELDS[kind]['sessionStorage']).to.equal(SessionStorageConfig);
		});
	}

	const properties = SessionStorageConfig.properties ?? {};
	const ROWS = [
		{ field: 'provider', is: { type: 'string', enum: ['memory', 'redis'] } },
		{ field: 'address', is: { type: 'string' } },
		{ field: 'db', is: { type: 'integer', format: 'int32', minimum: 0, default: 0 } },
		{ field: 'keyPrefix', is: { type: 'string' } },
		{
			field: 'passwordRef',
			is: {
				type: 'object',
				required: ['name', 'key'],
				properties: { name: { type: 'string' }, key: { type: 'string' } },
			},
		},
	];
	for (const { field, is } of ROWS) {
		it(`sessionStorage.${field} is ${JSON.stringify(is)}`, () => {
			expect(bare(properties[field])).to.deep.equal(is);
		});
	}
	it('sessionStorage has no other field, and only provider is required', () => {
		expect(Object.keys(properties)).to.have.members(ROWS.map(({ field }) => field));
		expect(SessionStorageConfig.required).to.deep.equal(['provider']);
	});
	it('the CEL rule and its message are these exact characters', () => {
		expect(SessionStorageConfig['x-kubernetes-validations']).to.deep.equal([
			{
				rule: "self.provider == 'redis' ? has(self.address) : true",
				message: 'address is required when provider is redis',
			},
		]);
	});
	it('CRD: SecretKeyRefSchema and SessionStorageConfig are declared once', () => {
		expect(properties['passwordRef']).to.equal(SecretKeyRefSchema);
		const folder = join(import.meta.dirname, '../../../src');
		const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
		const text = sources.map((file) => readFileSync(join(folder, file), 'utf8')).join('\n');
		for (const declaration of [/const SecretKeyRefSchema\b/g, /const SessionStorageConfig\b/g]) {
			expect(text.match(declaration), String(declaration)).to.have.length(1);
		}
		expect(text.match(/address is required when provider is redis/g), 'the message').to.have.length(1);
	});
});
