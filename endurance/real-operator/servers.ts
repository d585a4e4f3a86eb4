/** Example servers as users write them, one for each setting that both the operator and the product handle. */
import { STAND_IN_VERSION } from './build.ts';

export const PASSWORD_REF = { name: 'redis-secret', key: 'password' };
export const REDIS = {
	provider: 'redis',
	address: 'redis.mcp.svc:6379',
	db: 2,
	keyPrefix: 'thv:mine:',
	passwordRef: PASSWORD_REF,
};
const PLAIN_REDIS = { provider: 'redis', address: 'redis.mcp.svc:6379' };
const IMAGE = 'ghcr.io/example/mcp:1.0.0';
const HUB = { groupRef: { name: 'tools' }, incomingAuth: { type: 'anonymous' } };
const REMOTE = { remoteUrl: 'https://crm.example.com/mcp' };

export interface Example {
	readonly kind: 'MCPServer' | 'VirtualMCPServer' | 'MCPRemoteProxy';
	readonly name: string;
	/** The replica count of the proxy Deployment. */
	readonly replicas: number;
	readonly spec: object;
	readonly version?: 'v1alpha1';
	/** Whether the stand-in for v0.12.5 does not support this setting. */
	readonly isForReleases?: boolean;
}

const example = (
	kind: Example['kind'],
	name: string,
	replicas: number,
	spec: object,
	more: Pick<Example, 'version' | 'isForReleases'> = {},
): Example => ({ kind, name, replicas, spec, ...more });
const SSE = { image: IMAGE, transport: 'sse' };
const MINE = { proxyDeployment: { env: [{ name: 'THV_SESSION_REDIS_PASSWORD', value: 'mine' }] } };
const PATIENT = { podTemplateSpec: { spec: { terminationGracePeriodSeconds: 90 } } };
const OLD = { version: 'v1alpha1' } as const;
const NEW = { isForReleases: true };

export const EXAMPLES: readonly Example[] = [
	example('MCPServer', 'search', 3, { ...SSE, replicas: 3, backendReplicas: 2, sessionStorage: REDIS }),
	example('MCPServer', 'files', 1, { image: IMAGE, transport: 'stdio', replicas: 3 }),
	example('MCPServer', 'plain', 1, { image: IMAGE, transport: 'streamable-http' }),
	example('MCPServer', 'stopped', 0, { ...SSE, replicas: 0, backendReplicas: 0, sessionStorage: PLAIN_REDIS }, OLD),
	example('MCPServer', 'forgetful', 2, { ...SSE, replicas: 2, sessionStorage: { provider: 'memory' } }),
	// The operator keeps the user's variable and appends its own. Kubernetes uses the last variable of a name.
	example('MCPServer', 'collision', 1, { ...SSE, sessionStorage: REDIS, resourceOverrides: MINE }, NEW),
	example('VirtualMCPServer', 'hub', 3, { ...HUB, replicas: 3, sessionStorage: REDIS }),
	example('VirtualMCPServer', 'lone', 1, HUB),
	example('VirtualMCPServer', 'patient', 2, { ...HUB, replicas: 2, sessionStorage: PLAIN_REDIS, ...PATIENT }, NEW),
	example('MCPRemoteProxy', 'crm', 3, { ...REMOTE, replicas: 3, sessionStorage: REDIS }),
	example('MCPRemoteProxy', 'far', 1, REMOTE),
];

const GROUP = 'toolhive.stacklok.dev';

export const examplesFor = (operator: string): readonly Example[] =>
	operator === STAND_IN_VERSION ? EXAMPLES.filter(({ isForReleases }) => isForReleases !== true) : EXAMPLES;

/** Returns the examples in one namespace, as input for `kubectl apply`. */
export const exampleObjects = (namespace: string, operator: string): readonly object[] => [
	{
		apiVersion: 'v1',
		kind: 'Secret',
		metadata: { name: PASSWORD_REF.name, namespace },
		stringData: { [PASSWORD_REF.key]: 'secret' },
	},
	// The stand-in uses the minimal CRDs, which have no groups.
	...(operator === STAND_IN_VERSION
		? []
		: [{ apiVersion: `${GROUP}/v1beta1`, kind: 'MCPGroup', metadata: { name: 'tools', namespace }, spec: {} }]),
	...examplesFor(operator).map((one) => exampleObject(one, namespace, operator)),
];

type ExampleObject = Pick<Example, 'kind' | 'name' | 'spec' | 'version'>;

export function exampleObject(one: ExampleObject, namespace: string, operator: string): object {
	const { kind, name, version = 'v1beta1', spec } = operator === STAND_IN_VERSION ? forStandIn(one) : one;
	return { apiVersion: `${GROUP}/${version}`, kind, metadata: { name, namespace }, spec };
}

/** Converts an example to v1alpha1, which v0.12.5 reads and in which some fields have other names. */
function forStandIn({ kind, name, spec }: ExampleObject): ExampleObject {
	const { remoteUrl, groupRef, ...rest } = spec as { remoteUrl?: string; groupRef?: { name: string } };
	const others = {
		...(remoteUrl !== undefined && { remoteURL: remoteUrl }),
		...(groupRef !== undefined && { config: { groupRef: groupRef.name } }),
	};
	return { kind, name, version: 'v1alpha1', spec: { ...rest, ...others } };
}
