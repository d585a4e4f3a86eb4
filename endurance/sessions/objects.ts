/** Objects of the scenarios. */
import { MCP_IMAGE, REDIS_IMAGE } from './images.ts';

export const PASSWORD_SECRET = { name: 'redis-auth', key: 'password' };
export const PASSWORD = 'password-of-redis';
export const CLIENT = 'client';

export const secretObject = (password: string, { name, key } = PASSWORD_SECRET): object => ({
	apiVersion: 'v1',
	kind: 'Secret',
	metadata: { name },
	stringData: { [key]: password },
});

export function deploymentWithService(
	app: string,
	port: number,
	podSpec: object,
	spec: object = {},
): readonly object[] {
	const template = { metadata: { labels: { app } }, spec: podSpec };
	return [
		{
			apiVersion: 'apps/v1',
			kind: 'Deployment',
			metadata: { name: app },
			spec: { ...spec, selector: { matchLabels: { app } }, template },
		},
		{ apiVersion: 'v1', kind: 'Service', metadata: { name: app }, spec: { selector: { app }, ports: [{ port }] } },
	];
}

const REDIS_OPTIONS = { bind: '0.0.0.0', requirepass: '$(REDIS_PASSWORD)', appendonly: 'yes', dir: '/data' };

/** The data survives a restart of the container, but not of the pod. */
export const redisObjects = (): readonly object[] => {
	const container = {
		name: 'redis',
		image: REDIS_IMAGE,
		args: Object.entries(REDIS_OPTIONS).flatMap(([name, value]) => [`--${name}`, value]),
		env: [{ name: 'REDIS_PASSWORD', valueFrom: { secretKeyRef: PASSWORD_SECRET } }],
		readinessProbe: { tcpSocket: { port: 6379 }, periodSeconds: 1 },
		volumeMounts: [{ name: 'data', mountPath: '/data' }],
	};
	const pod = {
		terminationGracePeriodSeconds: 5,
		containers: [container],
		volumes: [{ name: 'data', emptyDir: {} }],
		securityContext: { fsGroup: 1000 },
	};
	return [secretObject(PASSWORD), ...deploymentWithService('redis', 6379, pod, { strategy: { type: 'Recreate' } })];
};

/** The clients are started with `kubectl exec`, which every cluster supports. */
export const clientPod = (): object => ({
	apiVersion: 'v1',
	kind: 'Pod',
	metadata: { name: CLIENT },
	spec: {
		terminationGracePeriodSeconds: 0,
		containers: [{ name: CLIENT, image: MCP_IMAGE, command: ['sleep', 'infinity'] }],
	},
});

export const sessionStorage = (namespace: string, server: string): object => ({
	provider: 'redis',
	address: `redis.${namespace}.svc.cluster.local:6379`,
	db: 3,
	keyPrefix: `e2e:${server}:`,
	passwordRef: PASSWORD_SECRET,
});

/**
 * With another session affinity all requests of one client pod go to one proxy. `replicas` is unset, because since v0.29.0 the
 * operator restarts proxies and backend at every change of the spec.
 */
export const mcpServer = (namespace: string, name: string, more: object = {}): object => ({
	apiVersion: 'toolhive.stacklok.dev/v1alpha1',
	kind: 'MCPServer',
	metadata: { name },
	spec: {
		image: MCP_IMAGE,
		transport: 'streamable-http',
		proxyPort: 8080,
		mcpPort: 9000,
		sessionAffinity: 'None',
		backendReplicas: 1,
		sessionStorage: sessionStorage(namespace, name),
		...more,
	},
});
