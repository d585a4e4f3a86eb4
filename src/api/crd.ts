/**
 * Stand-alone CustomResourceDefinitions for trying things without ToolHive, made from the scaling schema. The fields we
 * read are typed; everything else in spec and status is kept as it is.
 */
import { CONDITION, GROUP, KINDS, type Kind, VERSIONS } from './names.ts';
import { SCALING_FIELDS, type Schema } from './schema.ts';

type Column = { name: string; type: string; jsonPath: string; priority?: number; description?: string };

const conditionColumn = (name: string, type: string): Column => ({
	name,
	type: 'string',
	jsonPath: `.status.conditions[?(@.type=='${type}')].status`,
	priority: 1,
});

const COLUMNS: Readonly<Record<Kind, readonly Column[]>> = {
	MCPServer: [
		{ name: 'Status', type: 'string', jsonPath: '.status.phase' },
		{ name: 'Transport', type: 'string', jsonPath: '.spec.transport' },
		{ name: 'Replicas', type: 'integer', jsonPath: '.spec.replicas' },
		{ name: 'URL', type: 'string', jsonPath: '.status.url' },
		{ name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
		conditionColumn('Capped', CONDITION.capped),
		conditionColumn('Session warning', CONDITION.sessionStorage),
	],
	VirtualMCPServer: [
		{ name: 'Phase', type: 'string', jsonPath: '.status.phase' },
		{ name: 'Replicas', type: 'integer', jsonPath: '.spec.replicas' },
		{ name: 'URL', type: 'string', jsonPath: '.status.url' },
		{ name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
		conditionColumn('Session warning', CONDITION.sessionStorage),
	],
	MCPRemoteProxy: [
		{ name: 'Phase', type: 'string', jsonPath: '.status.phase' },
		{ name: 'Replicas', type: 'integer', jsonPath: '.spec.replicas' },
		{ name: 'URL', type: 'string', jsonPath: '.status.url' },
		{ name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
		conditionColumn('Session warning', CONDITION.sessionStorage),
	],
};

const OTHER_FIELDS: Readonly<Record<Kind, Readonly<Record<string, Schema>>>> = {
	MCPServer: {
		image: { type: 'string', description: 'Image of the MCP server.' },
		transport: {
			type: 'string',
			enum: ['stdio', 'streamable-http', 'sse'],
			default: 'stdio',
			description: 'How the MCP server speaks. stdio runs at most once.',
		},
	},
	VirtualMCPServer: {},
	MCPRemoteProxy: {
		transport: { type: 'string', enum: ['sse', 'streamable-http'], default: 'streamable-http' },
	},
};

const REQUIRED: Readonly<Record<Kind, readonly string[]>> = {
	MCPServer: ['image'],
	VirtualMCPServer: [],
	MCPRemoteProxy: [],
};

/** The CustomResourceDefinition of `kind`, served in every version; all versions have one schema. */
export function crdOf(kind: Kind): object {
	const { plural, singular, shortNames } = KINDS[kind];
	const spec: Schema = {
		type: 'object',
		...(REQUIRED[kind].length > 0 && { required: REQUIRED[kind] }),
		properties: { ...OTHER_FIELDS[kind], ...SCALING_FIELDS[kind] },
		'x-kubernetes-preserve-unknown-fields': true,
	};
	const schema: Schema = {
		type: 'object',
		...(REQUIRED[kind].length > 0 && { required: ['spec'] }),
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
				additionalPrinterColumns: COLUMNS[kind],
				schema: { openAPIV3Schema: schema },
				subresources: { status: {} },
			})),
		},
	};
}
