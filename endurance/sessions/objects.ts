/** Creates the objects for the scenarios. */
import { MCP_IMAGE } from './images.ts';

/** The Secret in namespace.yaml. */
export const PASSWORD_SECRET = { name: 'redis-auth', key: 'password' };
export const PASSWORD = 'password-of-redis';

export const secretObject = (password: string, { name, key } = PASSWORD_SECRET): object => ({
	apiVersion: 'v1',
	kind: 'Secret',
	metadata: { name },
	stringData: { [key]: password },
});

export const sessionStorage = (namespace: string, server: string): object => ({
	provider: 'redis',
	address: `redis.${namespace}.svc.cluster.local:6379`,
	db: 3,
	keyPrefix: `e2e:${server}:`,
	passwordRef: PASSWORD_SECRET,
});

/**
 * Returns an MCPServer without session affinity, because with it all requests of one client pod would reach the same
 * proxy. `replicas` is unset, because operators since v0.29.0 restart proxies and backend at every change to the spec.
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
