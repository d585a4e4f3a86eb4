/**
 * Lists the fields of the Go types in operator v0.12.5. The operator decodes an object into its Go type and writes the
 * whole object back. Such a write erases the fields that the Go type lacks.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Client } from './client.ts';
import type { Condition, ServerObject, Status } from './objects.ts';

const MCP_SERVER_SPEC = [
	'image',
	'transport',
	'proxyMode',
	'port',
	'targetPort',
	'proxyPort',
	'mcpPort',
	'args',
	'env',
	'volumes',
	'resources',
	'secrets',
	'serviceAccount',
	'permissionProfile',
	'podTemplateSpec',
	'resourceOverrides',
	'oidcConfig',
	'authzConfig',
	'audit',
	'tools',
	'toolConfigRef',
	'externalAuthConfigRef',
	'telemetry',
	'trustProxyHeaders',
	'endpointPrefix',
	'groupRef',
	'sessionAffinity',
];

const STATUS: Readonly<Record<string, readonly string[]>> = {
	mcpservers: ['conditions', 'toolConfigHash', 'externalAuthConfigHash', 'url', 'phase', 'message', 'readyReplicas'],
	virtualmcpservers: [
		'conditions',
		'observedGeneration',
		'phase',
		'message',
		'url',
		'discoveredBackends',
		'backendCount',
	],
	mcpremoteproxies: [
		'phase',
		'url',
		'externalURL',
		'observedGeneration',
		'conditions',
		'toolConfigHash',
		'externalAuthConfigHash',
		'message',
	],
};

const CONDITION = ['type', 'status', 'observedGeneration', 'lastTransitionTime', 'reason', 'message'];

const pick = <T extends object>(object: T, fields: readonly string[]): T =>
	Object.fromEntries(Object.entries(object).filter(([field]) => fields.includes(field))) as T;

/**
 * Returns an MCPServer as the operator sends it: without replicas, backendReplicas and sessionStorage, which the Go
 * type lacks.
 */
export const typedMcpServer = (server: ServerObject): ServerObject => ({
	...server,
	spec: {
		...pick(server.spec, MCP_SERVER_SPEC),
		// In Go this field is a struct, not a pointer, so Go encodes the field even if it is empty.
		resources: { limits: server.spec.resources?.limits ?? {}, requests: server.spec.resources?.requests ?? {} },
	},
});

/**
 * Merges `change` into the status and sends the result. Keeps conditions of unknown types, but erases other fields that
 * the Go type lacks. Sends the status even if nothing changed; the API server then stores nothing.
 */
export function writeStatus(
	client: Client,
	resource: string,
	server: ServerObject,
	change: Status,
): Promise<ServerObject> {
	const merged = pick({ ...server.status, ...change }, STATUS[resource] ?? []);
	const conditions = merged.conditions?.map((condition) => pick(condition, CONDITION));
	const status: Status = conditions === undefined ? merged : { ...merged, conditions };
	return client.replace(`${resource}/status`, { ...server, status });
}

/** Returns the list with `wanted` added or replaced. Changes lastTransitionTime only if the status changes. */
export function withCondition(conditions: readonly Condition[] | undefined, wanted: Condition): Condition[] {
	const list = [...(conditions ?? [])];
	const index = list.findIndex((condition) => condition.type === wanted.type);
	const existing = list[index];
	const now = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
	const lastTransitionTime = existing?.status === wanted.status ? (existing.lastTransitionTime ?? now) : now;
	const condition = { ...wanted, lastTransitionTime };
	if (existing === undefined) list.push(condition);
	else if (!isDeepStrictEqual(existing, condition)) list[index] = condition;
	return list;
}
