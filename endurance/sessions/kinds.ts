/** Tests the loss of a proxy for the other kinds of servers, and for an MCPServer in pod mode. */
import { join } from 'node:path';
import { expect } from 'chai';
import { it } from 'mocha';
import { PASSWORD_ENV } from '../../src/api/names.ts';
import { expectKept, loadDuring, proxyUrl, serviceUrl } from './load.ts';
import { mcpServer, sessionStorage } from './objects.ts';
import { deleteProxies } from './scenarios.ts';
import type { SessionNamespace } from './use-sessions.ts';

const REPLICAS = 2;
const TIMEOUT_MS = 300_000;

/** Returns a server of another kind, with the fields that all kinds have. */
const server = (namespace: SessionNamespace, kind: string, name: string, spec: object): object => {
	const storage = sessionStorage(namespace.name, name);
	const fields = { sessionAffinity: 'None', replicas: REPLICAS, sessionStorage: storage, ...spec };
	return { apiVersion: 'toolhive.stacklok.dev/v1beta1', kind, metadata: { name }, spec: fields };
};

export function describeKinds(sessions: () => SessionNamespace, atLeast: number): void {
	it('a proxy of a VirtualMCPServer is lost › no request fails, and every session is kept', async () => {
		const namespace = sessions();
		const groupRef = { name: 'tools' };
		await namespace.apply(
			{ apiVersion: 'toolhive.stacklok.dev/v1beta1', kind: 'MCPGroup', metadata: groupRef, spec: {} },
			mcpServer(namespace.name, 'member', { replicas: 1, groupRef }),
		);
		await namespace.waitForReplicas('member', 1);
		const spec = { groupRef, incomingAuth: { type: 'anonymous' } };
		await namespace.apply(server(namespace, 'VirtualMCPServer', 'hub', spec));
		await namespace.waitForReplicas('hub', REPLICAS, false);
		const load = { urls: [serviceUrl(namespace, 'vmcp-hub', 4483)], tool: 'member_whoami', atLeast };
		expectKept(await loadDuring(namespace, load, loseProxy(namespace, 'hub', false)), 'no failure', false);
	}).timeout(TIMEOUT_MS);

	it('a proxy of an MCPRemoteProxy is lost › no request fails, and every session keeps its state', async () => {
		const namespace = sessions();
		await namespace.kubectl('apply', '-f', join(import.meta.dirname, 'remote.yaml'));
		await namespace.kubectl('rollout', 'status', 'deployment/remote', '--timeout=60s');
		const remote = { remoteUrl: serviceUrl(namespace, 'remote'), allowPrivateEndpoint: true };
		await namespace.apply(server(namespace, 'MCPRemoteProxy', 'far', remote));
		await namespace.waitForReplicas('far', REPLICAS, false);
		const load = { urls: [serviceUrl(namespace, 'mcp-far-remote-proxy')], atLeast };
		expectKept(await loadDuring(namespace, load, loseProxy(namespace, 'far', false)));
	}).timeout(TIMEOUT_MS);
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
		const load = { urls: [proxyUrl(namespace, 'echo')], atLeast };
		expectKept(await loadDuring(namespace, load, loseProxy(namespace, 'echo', true)));
	}).timeout(TIMEOUT_MS);
}

const loseProxy = (namespace: SessionNamespace, name: string, hasBackend: boolean) => async (): Promise<void> => {
	await deleteProxies(namespace, name, 1);
	await namespace.waitForReplicas(name, REPLICAS, hasBackend);
};
