/**
 * The operator reads an object into its own Go type and writes that back whole: what the type does not know is gone. These are
 * the fields of v0.12.5's types.
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

/** An MCPServer as the operator would send it: replicas, backendReplicas and sessionStorage are not in its type. */
export const typedMcpServer = (server: ServerObject): ServerObject => ({
	...server,
	spec: {
		...pick(server.spec, MCP_SERVER_SPEC),
		// A struct, not a pointer: Go prints it also when it is empty.
		resources: { limits: server.spec.resources?.limits ?? {}, requests: server.spec.resources?.requests ?? {} },
	},
});

/**
 * Sends the status with `change` in it. Conditions of other types stay, other fields that the type does not know go. It is sent also
 * when nothing is different; the API server then stores nothing.
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

/** The list with one condition replaced or added; the time moves only when the status does. */
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
