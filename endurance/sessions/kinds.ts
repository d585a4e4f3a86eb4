/** Tests the loss of a proxy for each kind of server, and for an MCPServer in pod mode. */
import { join } from 'node:path';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { PASSWORD_ENV } from '../../src/api/names.ts';
import { expectKept, loadDuring, serviceUrl } from './load.ts';
import { mcpServer, sessionStorage } from './objects.ts';
import { deleteProxies } from './scenarios.ts';
import type { SessionNamespace } from './use-sessions.ts';

const REPLICAS = 2;

/** Returns a server of another kind, with the fields that all kinds have. */
const server = (namespace: SessionNamespace, kind: string, name: string, spec: object): object => ({
	apiVersion: 'toolhive.stacklok.dev/v1beta1',
	kind,
	metadata: { name },
	spec: {
		sessionAffinity: 'None',
		replicas: REPLICAS,
		sessionStorage: sessionStorage(namespace.name, name),
		...spec,
	},
});

export function describeKinds(sessions: () => SessionNamespace, atLeast: number): void {
	describe('a proxy is lost', function () {
		this.timeout(300_000);

		it('VirtualMCPServer › no request fails, and every session is kept', async () => {
			const namespace = sessions();
			const groupRef = { name: 'tools' };
			await namespace.apply(
				{ apiVersion: 'toolhive.stacklok.dev/v1beta1', kind: 'MCPGroup', metadata: groupRef, spec: {} },
				mcpServer(namespace.name, 'member', { replicas: 1, groupRef }),
			);
			await namespace.waitForReplicas('member', 1);
			await namespace.apply(
				server(namespace, 'VirtualMCPServer', 'hub', { groupRef, incomingAuth: { type: 'anonymous' } }),
			);
			await namespace.waitForReplicas('hub', REPLICAS, 0);
			const load = { urls: [serviceUrl(namespace, 'vmcp-hub', 4483)], tool: 'member_whoami', atLeast };
			expectKept(await loadDuring(namespace, load, loseProxy(namespace, 'hub', 0)), 'no failure', false);
		});

		it('MCPRemoteProxy › no request fails, and every session keeps its state', async () => {
			const namespace = sessions();
			await namespace.kubectl('apply', '-f', join(import.meta.dirname, 'remote.yaml'));
			await namespace.kubectl('rollout', 'status', 'deployment/remote', '--timeout=60s');
			const remote = { remoteUrl: serviceUrl(namespace, 'remote'), allowPrivateEndpoint: true };
			await namespace.apply(server(namespace, 'MCPRemoteProxy', 'far', remote));
			await namespace.waitForReplicas('far', REPLICAS, 0);
			const load = { urls: [serviceUrl(namespace, 'mcp-far-remote-proxy')], atLeast };
			expectKept(await loadDuring(namespace, load, loseProxy(namespace, 'far', 0)));
		});

		it('MCPServer with SSE › clients open its streams again, as new sessions', async () => {
			const namespace = sessions();
			await namespace.apply(mcpServer(namespace.name, 'events', { transport: 'sse', replicas: REPLICAS }));
			await namespace.waitForReplicas('events', REPLICAS);
			const urls = [serviceUrl(namespace, 'mcp-events-proxy', 8080, '/sse')];
			const load = { urls, clients: { SDK: 8 }, atLeast };
			const counted = await loadDuring(namespace, load, loseProxy(namespace, 'events', 1));
			expect(counted.sessionsKept).to.be.above(0);
			const afterwards = await loadDuring(namespace, load, async () => undefined);
			expect(afterwards.failed, JSON.stringify(afterwards.reasons)).to.equal(0);
		});
	});
}

/**
 * Tests pod mode, in which the product adds the Redis password to Pods, because the operator restores the environment
 * of its Deployments.
 */
export function describePodMode(sessions: () => SessionNamespace, atLeast: number): void {
	it('a proxy is lost › no request fails, and every session keeps its state', async () => {
		const namespace = sessions();
		await namespace.apply(mcpServer(namespace.name, 'echo', { replicas: REPLICAS }));
		await namespace.waitForReplicas('echo', REPLICAS);
		const names = 'jsonpath={..containers[*].env[*].name}';
		expect(await namespace.kubectl('get', 'deployment', 'echo', '-o', names)).not.to.contain(PASSWORD_ENV);
		const onPods = await namespace.kubectl('get', 'pods', '-l', 'app.kubernetes.io/instance=echo', '-o', names);
		expect(onPods).to.contain(PASSWORD_ENV);
		expectKept(await loadDuring(namespace, { server: 'echo', atLeast }, loseProxy(namespace, 'echo', 1)));
	}).timeout(300_000);
}

const loseProxy = (namespace: SessionNamespace, name: string, backends: number) => async (): Promise<void> => {
	await deleteProxies(namespace, name, 1);
	await namespace.waitForReplicas(name, REPLICAS, backends);
};
