/**
 * Minimal CustomResourceDefinitions, for use without ToolHive. These CRDs preserve fields outside the scaling schema.
 */
import { CONDITION, GROUP, KINDS, type Kind, VERSIONS } from './names.ts';
import { SCALING_FIELDS, type Schema } from './schema.ts';

type Column = { name: string; type: string; jsonPath: string; priority?: number };

const conditionColumn = (name: string, type: string): Column => ({
	name,
	type: 'string',
	jsonPath: `.status.conditions[?(@.type=='${type}')].status`,
	priority: 1,
});

const columnsOf = (kind: Kind): Column[] => [
	{ name: kind === 'MCPServer' ? 'Status' : 'Phase', type: 'string', jsonPath: '.status.phase' },
	...(kind === 'MCPServer' ? [{ name: 'Transport', type: 'string', jsonPath: '.spec.transport' }] : []),
	{ name: 'Replicas', type: 'integer', jsonPath: '.spec.replicas' },
	{ name: 'URL', type: 'string', jsonPath: '.status.url' },
	{ name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
	...(kind === 'MCPServer' ? [conditionColumn('Capped', CONDITION.capped)] : []),
	conditionColumn('Session warning', CONDITION.sessionStorage),
];

/** The typed fields of `spec` other than the scaling fields, and the required fields. */
const OTHER_FIELDS: Readonly<Record<Kind, { properties?: Readonly<Record<string, Schema>>; required?: string[] }>> = {
	MCPServer: {
		required: ['image'],
		properties: {
			image: { type: 'string', description: 'Image of the MCP server.' },
			transport: {
				type: 'string',
				enum: ['stdio', 'streamable-http', 'sse'],
				default: 'stdio',
				description: 'Transport of the MCP server. A stdio server has at most 1 replica.',
			},
		},
	},
	VirtualMCPServer: {},
	MCPRemoteProxy: {
		properties: { transport: { type: 'string', enum: ['sse', 'streamable-http'], default: 'streamable-http' } },
	},
};

/**
 * Returns the CustomResourceDefinition of `kind`. The CRD serves every version, and all versions have the same schema.
 */
export function crdOf(kind: Kind): object {
	const { plural, singular, shortNames } = KINDS[kind];
	const { properties, required } = OTHER_FIELDS[kind];
	const spec: Schema = {
		type: 'object',
		...(required && { required }),
		properties: { ...properties, ...SCALING_FIELDS[kind] },
		'x-kubernetes-preserve-unknown-fields': true,
	};
	const schema: Schema = {
		type: 'object',
		...(required && { required: ['spec'] }),
		properties: {
			apiVersion: { type: 'string' },
			kind: { type: 'string' },
			metadata: { type: 'object' },
			spec,
			status: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
		},
	};
	return {
		apiVersion: 'apiextensions.k8s.io/v1',
		kind: 'CustomResourceDefinition',
		metadata: { name: `${plural}.${GROUP}` },
		spec: {
			group: GROUP,
			names: { kind, listKind: `${kind}List`, plural, singular, shortNames, categories: ['toolhive'] },
			scope: 'Namespaced',
			versions: VERSIONS.map((name, index) => ({
				name,
				served: true,
				storage: index === 0,
				additionalPrinterColumns: columnsOf(kind),
				schema: { openAPIV3Schema: schema },
				subresources: { status: {} },
			})),
		},
	};
}
