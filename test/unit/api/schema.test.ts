import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { SCALING_FIELDS } from '../../../src/api/schema.ts';

/** Returns `schema` without descriptions. */
const bare = (schema: unknown): unknown =>
	JSON.parse(JSON.stringify(schema), (key, value) => (key === 'description' ? undefined : value));

const text = { type: 'string' };
const replicas = { type: 'integer', format: 'int32', minimum: 0 };
const sessionStorage = {
	type: 'object',
	required: ['provider'],
	properties: {
		provider: { type: 'string', enum: ['memory', 'redis'] },
		address: text,
		db: { type: 'integer', format: 'int32', minimum: 0, default: 0 },
		keyPrefix: text,
		passwordRef: { type: 'object', required: ['name', 'key'], properties: { name: text, key: text } },
	},
	'x-kubernetes-validations': [
		{
			rule: "self.provider == 'redis' ? has(self.address) : true",
			message: 'address is required when provider is redis',
		},
	],
};

describe('scaling schema (SPEC.md 2)', () => {
	it('every kind › its fields, as specified', () =>
		expect(bare(SCALING_FIELDS)).to.deep.equal({
			MCPServer: { replicas, backendReplicas: replicas, sessionStorage },
			VirtualMCPServer: { replicas, sessionStorage },
			MCPRemoteProxy: { replicas, sessionStorage },
		}));
	it('CRD: SecretKeyRefSchema and SessionStorageConfig › declared once', () => {
		const folder = join(import.meta.dirname, '../../../src');
		const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
		const code = sources.map((file) => readFileSync(join(folder, file), 'utf8')).join('\n');
		for (const declaration of [
			/const SecretKeyRefSchema\b/g,
			/const SessionStorageConfig\b/g,
			/address is required when provider is redis/g,
		])
			expect(code.match(declaration), String(declaration)).to.have.length(1);
	});
});
