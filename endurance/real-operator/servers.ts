/** Example servers as users write them, one for each setting that both the operator and the product handle. */
import { OPERATOR_VERSION, STAND_IN_VERSION } from './build.ts';

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
	readonly version?: 'v1alpha1' | 'v1beta1';
	readonly spec: object;
	/** The replica count of the proxy Deployment. */
	readonly replicas: number;
	readonly hasPassword?: boolean;
	/** Whether the stand-in for v0.12.5 does not support this setting. */
	readonly isForReleases?: boolean;
}

export const EXAMPLES: readonly Example[] = [
	{
		kind: 'MCPServer',
		name: 'search',
		spec: { image: IMAGE, transport: 'sse', replicas: 3, backendReplicas: 2, sessionStorage: REDIS },
		replicas: 3,
		hasPassword: true,
	},
	{ kind: 'MCPServer', name: 'files', spec: { image: IMAGE, transport: 'stdio', replicas: 3 }, replicas: 1 },
	{ kind: 'MCPServer', name: 'plain', spec: { image: IMAGE, transport: 'streamable-http' }, replicas: 1 },
	{
		kind: 'MCPServer',
		name: 'stopped',
		version: 'v1alpha1',
		spec: { image: IMAGE, transport: 'sse', replicas: 0, backendReplicas: 0, sessionStorage: PLAIN_REDIS },
		replicas: 0,
	},
	{
		kind: 'MCPServer',
		name: 'forgetful',
		spec: { image: IMAGE, transport: 'sse', replicas: 2, sessionStorage: { provider: 'memory' } },
		replicas: 2,
	},
	{
		// The operator keeps the user's variable and appends its own. Kubernetes uses the last variable of a name.
		kind: 'MCPServer',
		name: 'collision',
		spec: {
			image: IMAGE,
			transport: 'sse',
			sessionStorage: REDIS,
			resourceOverrides: { proxyDeployment: { env: [{ name: 'THV_SESSION_REDIS_PASSWORD', value: 'mine' }] } },
		},
		replicas: 1,
		hasPassword: true,
		isForReleases: true,
	},
	{
		kind: 'VirtualMCPServer',
		name: 'hub',
		spec: { ...HUB, replicas: 3, sessionStorage: REDIS },
		replicas: 3,
		hasPassword: true,
	},
	{ kind: 'VirtualMCPServer', name: 'lone', spec: HUB, replicas: 1 },
	{
		kind: 'VirtualMCPServer',
		name: 'patient',
		spec: {
			...HUB,
			replicas: 2,
			sessionStorage: PLAIN_REDIS,
			podTemplateSpec: { spec: { terminationGracePeriodSeconds: 90 } },
		},
		replicas: 2,
		isForReleases: true,
	},
	{
		kind: 'MCPRemoteProxy',
		name: 'crm',
		spec: { ...REMOTE, replicas: 3, sessionStorage: REDIS },
		replicas: 3,
		hasPassword: true,
	},
	{ kind: 'MCPRemoteProxy', name: 'far', spec: REMOTE, replicas: 1 },
];

const GROUP = 'toolhive.stacklok.dev';

export const examplesFor = (operator: string): readonly Example[] =>
	operator === STAND_IN_VERSION ? EXAMPLES.filter(({ isForReleases }) => isForReleases !== true) : EXAMPLES;

/** Returns the examples in one namespace, as input for `kubectl apply`. */
export const exampleObjects = (namespace: string, operator = OPERATOR_VERSION): readonly object[] => [
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
	...examplesFor(operator).map((example) => exampleObject(example, namespace, operator)),
];

type ExampleObject = Pick<Example, 'kind' | 'name' | 'spec' | 'version'>;

export function exampleObject(example: ExampleObject, namespace: string, operator: string): object {
	const { kind, name, version = 'v1beta1', spec } = operator === STAND_IN_VERSION ? forStandIn(example) : example;
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
