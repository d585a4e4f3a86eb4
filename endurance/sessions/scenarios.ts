/** What happens to a server with three proxies and one backend while clients use it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { eventually } from '../../test/harness/eventually.ts';
import type { LoadShape } from './load.ts';
import type { SessionNamespace } from './namespace.ts';

export const SERVER = 'echo';
export const PROXIES = 3;

export interface Scenario {
	readonly name: string;
	/** Proxies before, and after. */
	readonly from?: number;
	readonly to?: number;
	/** Every request goes to the next proxy, by the address of its pod. */
	readonly isByAddress?: boolean;
	readonly happens: (namespace: SessionNamespace) => Promise<unknown>;
	/** What holds with the product. Without a proxy no request is answered; without its backend no session has its state. */
	readonly promise: 'all' | 'sessions' | 'nothing';
	/** Part of the short form. */
	readonly isShort?: boolean;
	/** Without the product requests fail each time, with any ToolHive release. */
	readonly failsWithout?: boolean;
}

/** As a HorizontalPodAutoscaler does it. */
export const scaleTo = (replicas: number) => (namespace: SessionNamespace) =>
	namespace.kubectl('scale', `deployment/${SERVER}`, `--replicas=${replicas}`);

async function deleteProxies(namespace: SessionNamespace, count: number): Promise<void> {
	const names = (await namespace.proxies(SERVER)).slice(0, count).map(({ name }) => name);
	await namespace.kubectl('delete', 'pod', '--wait=false', ...names);
}

/** Pod by pod, each when its predecessor has been replaced. */
async function replaceProxies(namespace: SessionNamespace): Promise<void> {
	for (const { name } of await namespace.proxies(SERVER)) {
		await namespace.kubectl('delete', 'pod', '--wait=false', name);
		await eventually(async () => expect(await namespace.proxies(SERVER)).to.have.length(PROXIES), 90_000);
	}
}

/** What `kubectl drain` calls. The node is not cordoned: it may be the only one, and the pods need a place. */
async function evictProxies(namespace: SessionNamespace, count: number): Promise<void> {
	for (const { name } of (await namespace.proxies(SERVER)).slice(0, count)) {
		const path = `/api/v1/namespaces/${namespace.name}/pods/${name}/eviction`;
		const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace: namespace.name } };
		// Refused until the budget allows it, and tried again, as kubectl does.
		await eventually(async () => {
			const { code, stderr } = await namespace.tryKubectl(['create', '--raw', path, '-f', '-'], eviction);
			if (code !== 0) throw new Error(stderr);
		}, 120_000);
	}
}

export const SCENARIOS: readonly Scenario[] = [
	{
		name: 'a session is used at the other proxies',
		isByAddress: true,
		happens: () => sleep(1_000),
		promise: 'all',
		isShort: true,
	},
	{ name: 'a proxy is lost', happens: (namespace) => deleteProxies(namespace, 1), promise: 'all' },
	{ name: 'all proxies are replaced, one by one', happens: replaceProxies, promise: 'all' },
	{
		name: 'two proxies are drained',
		happens: (namespace) => evictProxies(namespace, 2),
		promise: 'all',
	},
	{
		name: 'rollout restart',
		happens: (namespace) => namespace.kubectl('rollout', 'restart', `deployment/${SERVER}`),
		promise: 'all',
		isShort: true,
		failsWithout: true,
	},
	{ name: 'scale 3 to 1', to: 1, happens: scaleTo(1), promise: 'all', isShort: true, failsWithout: true },
	{ name: 'scale 1 to 3', from: 1, happens: scaleTo(PROXIES), promise: 'all', isShort: true },
	{
		name: 'all proxies are lost at once',
		happens: (namespace) => deleteProxies(namespace, PROXIES),
		promise: 'sessions',
	},
	{
		name: 'the backend is lost',
		happens: (namespace) => namespace.kubectl('delete', 'pod', `${SERVER}-0`),
		promise: 'nothing',
	},
	{
		name: '`spec.replicas` of the MCPServer is set to 2',
		to: 2,
		happens: (namespace) =>
			namespace.kubectl('patch', 'mcpserver', SERVER, '--type=merge', '-p', JSON.stringify({ spec: { replicas: 2 } })),
		promise: 'nothing',
	},
];

export const serviceUrl = (
	namespace: SessionNamespace,
	service = `mcp-${SERVER}-proxy`,
	port = 8080,
	path = '/mcp',
): string => `http://${service}.${namespace.name}.svc.cluster.local:${port}${path}`;

/** Two sessions of the SDK: each holds a proxy that ends by its GET stream. */
export const CLIENTS = { 'new connections': 4, 'kept connection': 4, SDK: 2 } as const;

export async function shapeOf(
	namespace: SessionNamespace,
	{ isByAddress = false }: Scenario,
	atLeast: number,
): Promise<LoadShape> {
	const urls = isByAddress
		? (await namespace.proxies(SERVER)).map(({ address }) => `http://${address}:8080/mcp`)
		: [serviceUrl(namespace)];
	return { urls, clients: CLIENTS, atLeast };
}
