/** Servers as people write them for an operator that scales by itself, one per thing that it and we both care about. */

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

/** Name, and what its Deployment's count becomes. */
export interface Example {
	readonly kind: 'MCPServer' | 'VirtualMCPServer' | 'MCPRemoteProxy';
	readonly name: string;
	readonly version?: 'v1alpha1' | 'v1beta1';
	readonly spec: object;
	readonly replicas: number;
	readonly hasPassword?: boolean;
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
		// The operator leaves the user's variable in and appends its own: a name twice, the last one counts.
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

/** Everything that `kubectl apply` takes to have the examples in one namespace. */
export const exampleObjects = (namespace: string): readonly object[] => [
	{
		apiVersion: 'v1',
		kind: 'Secret',
		metadata: { name: PASSWORD_REF.name, namespace },
		stringData: { [PASSWORD_REF.key]: 'secret' },
	},
	{ apiVersion: `${GROUP}/v1beta1`, kind: 'MCPGroup', metadata: { name: 'tools', namespace }, spec: {} },
	...EXAMPLES.map(({ kind, name, spec, version = 'v1beta1' }) => ({
		apiVersion: `${GROUP}/${version}`,
		kind,
		metadata: { name, namespace },
		spec,
	})),
];
