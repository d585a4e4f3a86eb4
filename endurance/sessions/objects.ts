/** What the scenarios apply. */
import { MCP_IMAGE, REDIS_IMAGE } from './images.ts';

export const PASSWORD_SECRET = { name: 'redis-auth', key: 'password' };
export const PASSWORD = 'password-of-redis';
export const CLIENT = 'client';
export const BACKEND_PORT = 9000;

export const secretObject = (password: string): object => ({
	apiVersion: 'v1',
	kind: 'Secret',
	metadata: { name: PASSWORD_SECRET.name },
	stringData: { [PASSWORD_SECRET.key]: password },
});

/** Its data outlives a restart of the container, and not the pod. */
export const redisObjects = (): readonly object[] => [
	secretObject(PASSWORD),
	{
		apiVersion: 'apps/v1',
		kind: 'Deployment',
		metadata: { name: 'redis' },
		spec: {
			strategy: { type: 'Recreate' },
			selector: { matchLabels: { app: 'redis' } },
			template: {
				metadata: { labels: { app: 'redis' } },
				spec: {
					terminationGracePeriodSeconds: 5,
					containers: [
						{
							name: 'redis',
							image: REDIS_IMAGE,
							args: [
								'--bind',
								'0.0.0.0',
								'--requirepass',
								'$(REDIS_PASSWORD)',
								'--appendonly',
								'yes',
								'--dir',
								'/data',
							],
							env: [{ name: 'REDIS_PASSWORD', valueFrom: { secretKeyRef: PASSWORD_SECRET } }],
							readinessProbe: { tcpSocket: { port: 6379 }, periodSeconds: 1 },
							volumeMounts: [{ name: 'data', mountPath: '/data' }],
						},
					],
					volumes: [{ name: 'data', emptyDir: {} }],
					securityContext: { fsGroup: 1000 },
				},
			},
		},
	},
	{
		apiVersion: 'v1',
		kind: 'Service',
		metadata: { name: 'redis' },
		spec: { selector: { app: 'redis' }, ports: [{ port: 6379 }] },
	},
];

/** Runs the clients by `kubectl exec`, so that any cluster will do. */
export const clientPod = (): object => ({
	apiVersion: 'v1',
	kind: 'Pod',
	metadata: { name: CLIENT },
	spec: {
		terminationGracePeriodSeconds: 0,
		containers: [{ name: CLIENT, image: MCP_IMAGE, command: ['sleep', 'infinity'] }],
	},
});

/** Of one server in one namespace: its own keys. */
export const sessionStorage = (namespace: string, name: string): object => ({
	provider: 'redis',
	address: `redis.${namespace}.svc.cluster.local:6379`,
	db: 3,
	keyPrefix: `e2e:${name}:`,
	passwordRef: PASSWORD_SECRET,
});

/**
 * Affinity None: else all requests of one client pod go to one proxy, and nothing is shown. Without `replicas`, which belong to
 * the Deployment then: since v0.29.0 the operator restarts proxies and backend at every change of the spec.
 */
export const mcpServer = (namespace: string, name: string, more: object = {}): object => ({
	apiVersion: 'toolhive.stacklok.dev/v1alpha1',
	kind: 'MCPServer',
	metadata: { name },
	spec: {
		image: MCP_IMAGE,
		transport: 'streamable-http',
		proxyPort: 8080,
		mcpPort: BACKEND_PORT,
		sessionAffinity: 'None',
		backendReplicas: 1,
		sessionStorage: sessionStorage(namespace, name),
		...more,
	},
});

/** As `kubectl drain` finds it beside a careful user: one proxy may be away at a time. */
export const budget = (name: string): object => ({
	apiVersion: 'policy/v1',
	kind: 'PodDisruptionBudget',
	metadata: { name },
	spec: { maxUnavailable: 1, selector: { matchLabels: { 'app.kubernetes.io/instance': name } } },
});
