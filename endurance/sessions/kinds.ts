/** A lost proxy of what is not an MCPServer with streamable HTTP. */
import { expect } from 'chai';
import { MCP_IMAGE } from './images.ts';
import { type Counted, describeCounted, type LoadShape, loadDuring } from './load.ts';
import type { SessionNamespace } from './namespace.ts';
import { mcpServer, sessionStorage } from './objects.ts';
import { CLIENTS, serviceUrl } from './scenarios.ts';

export const REPLICAS = 2;
const API = 'toolhive.stacklok.dev/v1beta1';

/** Call it inside a `describe` whose `before` has installed the product and started the operator. */
export function describeKinds(namespaceNow: () => SessionNamespace, atLeast: number): void {
	describe('a proxy is lost', function () {
		this.timeout(300_000);

		it('VirtualMCPServer › no request fails, every session is kept', async () => {
			const namespace = namespaceNow();
			await namespace.apply(
				{ apiVersion: API, kind: 'MCPGroup', metadata: { name: 'tools' }, spec: {} },
				mcpServer(namespace.name, 'member', { replicas: 1, groupRef: { name: 'tools' } }),
			);
			await namespace.settled('member', 1);
			await namespace.apply({
				apiVersion: API,
				kind: 'VirtualMCPServer',
				metadata: { name: 'hub' },
				spec: {
					groupRef: { name: 'tools' },
					incomingAuth: { type: 'anonymous' },
					sessionAffinity: 'None',
					replicas: REPLICAS,
					sessionStorage: sessionStorage(namespace.name, 'hub'),
				},
			});
			await namespace.settled('hub', REPLICAS, 0);
			const counted = await lose(namespace, 'hub', 0, {
				...{ urls: [serviceUrl(namespace, 'vmcp-hub', 4483)], clients: CLIENTS, atLeast },
				tool: 'member_whoami',
			});
			expect(counted.failed - counted.closing, JSON.stringify(counted.reasons)).to.equal(0);
			expect(counted.sessionsKept).to.equal(counted.sessions);
		});

		it('MCPRemoteProxy › no request fails, every session keeps its state', async () => {
			const namespace = namespaceNow();
			await namespace.apply(...remoteObjects());
			await namespace.kubectl('rollout', 'status', 'deployment/remote', '--timeout=60s');
			await namespace.apply({
				apiVersion: API,
				kind: 'MCPRemoteProxy',
				metadata: { name: 'far' },
				spec: {
					remoteUrl: serviceUrl(namespace, 'remote'),
					allowPrivateEndpoint: true,
					sessionAffinity: 'None',
					replicas: REPLICAS,
					sessionStorage: sessionStorage(namespace.name, 'far'),
				},
			});
			await namespace.settled('far', REPLICAS, 0);
			const urls = [serviceUrl(namespace, 'mcp-far-remote-proxy')];
			const counted = await lose(namespace, 'far', 0, { urls, clients: CLIENTS, atLeast });
			expect(counted.failed - counted.closing, JSON.stringify(counted.reasons)).to.equal(0);
			expect(counted.stateKept).to.equal(counted.sessions);
		});

		it('MCPServer with SSE › streams that went through it are opened again, as new sessions', async () => {
			const namespace = namespaceNow();
			await namespace.apply(mcpServer(namespace.name, 'events', { transport: 'sse', replicas: REPLICAS }));
			await namespace.settled('events', REPLICAS);
			const urls = [serviceUrl(namespace, 'mcp-events-proxy', 8080, '/sse')];
			const shape: LoadShape = { urls, clients: { SDK: 8 }, atLeast };
			const counted = await lose(namespace, 'events', 1, shape);
			expect(counted.sessionsKept).to.be.above(0);
			const afterwards = await loadDuring(namespace, shape, async () => undefined);
			expect(afterwards.failed, JSON.stringify(afterwards.reasons)).to.equal(0);
		});
	});
}

export async function lose(
	namespace: SessionNamespace,
	name: string,
	backends: number,
	shape: LoadShape,
): Promise<Counted> {
	const counted = await loadDuring(namespace, shape, async () => {
		const [first] = await namespace.proxies(name);
		await namespace.kubectl('delete', 'pod', '--wait=false', first?.name ?? '');
		await namespace.settled(name, REPLICAS, backends);
	});
	process.stdout.write(`      ${describeCounted(counted)}\n`);
	return counted;
}

/** A server that ToolHive does not run. */
const remoteObjects = (): readonly object[] => [
	{
		apiVersion: 'apps/v1',
		kind: 'Deployment',
		metadata: { name: 'remote' },
		spec: {
			selector: { matchLabels: { app: 'remote' } },
			template: {
				metadata: { labels: { app: 'remote' } },
				spec: { containers: [{ name: 'mcp', image: MCP_IMAGE, env: [{ name: 'MCP_PORT', value: '8080' }] }] },
			},
		},
	},
	{
		apiVersion: 'v1',
		kind: 'Service',
		metadata: { name: 'remote' },
		spec: { selector: { app: 'remote' }, ports: [{ port: 8080 }] },
	},
];
