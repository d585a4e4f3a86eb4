/**
 * The scaling schema: the scaling fields in the structural OpenAPI form of a CustomResourceDefinition. CRDs are
 * generated from it, the validating webhook checks objects against it, and the CEL rule is read from it.
 */
import type { Kind } from './names.ts';

export interface Schema {
	readonly type: 'object' | 'string' | 'integer' | 'boolean' | 'array';
	readonly description?: string;
	readonly format?: string;
	readonly default?: unknown;
	readonly minimum?: number;
	readonly maximum?: number;
	readonly enum?: readonly string[];
	readonly required?: readonly string[];
	readonly properties?: Readonly<Record<string, Schema>>;
	readonly additionalProperties?: Schema;
	readonly items?: Schema;
	readonly 'x-kubernetes-validations'?: readonly CelRule[];
	readonly 'x-kubernetes-preserve-unknown-fields'?: true;
	readonly 'x-kubernetes-list-type'?: string;
	readonly 'x-kubernetes-list-map-keys'?: readonly string[];
}

export interface CelRule {
	readonly rule: string;
	readonly message: string;
}

/** A reference to one key of a Secret in the server's namespace. */
export const SecretKeyRefSchema: Schema = {
	type: 'object',
	description: 'Reference to a key of a Secret in the same namespace.',
	required: ['name', 'key'],
	properties: {
		name: { type: 'string', description: 'Name of the Secret.' },
		key: { type: 'string', description: 'Key within the Secret.' },
	},
};

export const SessionStorageConfig: Schema = {
	type: 'object',
	description: 'Where sessions are stored, so that every replica can serve every session.',
	required: ['provider'],
	properties: {
		provider: {
			type: 'string',
			enum: ['memory', 'redis'],
			description: 'memory: each replica has its own sessions; redis: replicas share them.',
		},
		address: { type: 'string', description: 'Redis host:port. Required when provider is redis.' },
		db: { type: 'integer', format: 'int32', minimum: 0, default: 0, description: 'Redis database number.' },
		keyPrefix: { type: 'string', description: 'Prefix of every key; proxies require a colon at its end.' },
		passwordRef: SecretKeyRefSchema,
	},
	'x-kubernetes-validations': [
		{
			rule: "self.provider == 'redis' ? has(self.address) : true",
			message: 'address is required when provider is redis',
		},
	],
};

const count = (description: string): Schema => ({ type: 'integer', format: 'int32', minimum: 0, description });

const replicas = count(
	'Replicas of the proxy Deployment. If unset, clients such as kubectl scale or an HPA set the count.',
);
const backendReplicas = count(
	'Replicas of the backend StatefulSet. If unset, clients such as kubectl scale or an HPA set the count.',
);

/** The scaling fields of `spec`, by kind. All are optional and none has a default. */
export const SCALING_FIELDS: Readonly<Record<Kind, Readonly<Record<string, Schema>>>> = {
	MCPServer: { replicas, backendReplicas, sessionStorage: SessionStorageConfig },
	VirtualMCPServer: { replicas, sessionStorage: SessionStorageConfig },
	MCPRemoteProxy: { replicas, sessionStorage: SessionStorageConfig },
};
