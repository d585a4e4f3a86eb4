/** Disturbs a server with three proxies and one backend while clients use it. */
import { expect } from 'chai';
import { before, it } from 'mocha';
import { eventually } from '../../test/harness/eventually.ts';
import { type Counted, expectKept, loadDuring } from './load.ts';
import { mcpServer } from './objects.ts';
import type { SessionNamespace } from './use-sessions.ts';

const SERVER = 'echo';
export const PROXIES = 3;

/**
 * The expected result with the product. Requests fail while no proxy exists, and a state is lost together with its
 * backend.
 */
type Expected = 'no failure' | 'sessions are kept' | 'nothing';
type Disturb = (namespace: SessionNamespace) => Promise<unknown>;

interface More {
	/** The number of proxies before and after the disturbance. */
	readonly from?: number;
	readonly to?: number;
	/** Whether the clients send their requests to the addresses of all proxies in turn. */
	readonly usesAddresses?: boolean;
	/** Whether the scenario is part of the short form. */
	readonly isShort?: boolean;
	/** Whether requests always fail without the product, with any ToolHive release. */
	readonly failsWithout?: boolean;
}

const scenario = (name: string, expected: Expected, disturb: Disturb, more: More = {}) => ({
	...{ from: PROXIES, to: PROXIES, usesAddresses: false, isShort: false, failsWithout: false, ...more },
	...{ name, expected, disturb },
});
type Scenario = ReturnType<typeof scenario>;

/** Scales the server as a HorizontalPodAutoscaler does. */
const scaleTo = (replicas: number) => (namespace: SessionNamespace) =>
	namespace.kubectl('scale', `deployment/${SERVER}`, `--replicas=${replicas}`);

export async function deleteProxies(namespace: SessionNamespace, server: string, count: number): Promise<void> {
	const names = (await namespace.proxies(server)).slice(0, count).map(({ name }) => name);
	await namespace.kubectl('delete', 'pod', '--wait=false', ...names);
}

/** Replaces one proxy after another. */
async function replaceProxies(namespace: SessionNamespace): Promise<void> {
	for (const { name } of await namespace.proxies(SERVER)) {
		await namespace.kubectl('delete', 'pod', '--wait=false', name);
		await eventually(async () => expect(await namespace.proxies(SERVER)).to.have.length(PROXIES), 90_000);
	}
}

/** Evicts proxies as `kubectl drain` does, but does not cordon the node, which may be the only one. */
async function evictProxies(namespace: SessionNamespace, count: number): Promise<void> {
	for (const { name } of (await namespace.proxies(SERVER)).slice(0, count)) {
		const path = `/api/v1/namespaces/${namespace.name}/pods/${name}/eviction`;
		const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace: namespace.name } };
		// Like kubectl, retries until the PodDisruptionBudget allows the eviction.
		await eventually(async () => {
			const { code, stderr } = await namespace.tryKubectl(['create', '--raw', path, '-f', '-'], eviction);
			if (code !== 0) throw new Error(stderr);
		}, 120_000);
	}
}

const patch = JSON.stringify({ spec: { replicas: 2 } });

export const SCENARIOS: readonly Scenario[] = [
	scenario('a session is used at the other proxies', 'no failure', async () => undefined, {
		usesAddresses: true,
		isShort: true,
	}),
	scenario('a proxy is lost', 'no failure', (namespace) => deleteProxies(namespace, SERVER, 1)),
	scenario('all proxies are replaced, one by one', 'no failure', replaceProxies),
	scenario('two proxies are drained', 'no failure', (namespace) => evictProxies(namespace, 2)),
	scenario('rollout restart', 'no failure', ({ kubectl }) => kubectl('rollout', 'restart', `deployment/${SERVER}`), {
		isShort: true,
		failsWithout: true,
	}),
	scenario('scale 3 to 1', 'no failure', scaleTo(1), { to: 1, isShort: true, failsWithout: true }),
	scenario('scale 1 to 3', 'no failure', scaleTo(PROXIES), { from: 1, isShort: true }),
	scenario('all proxies are lost at once', 'sessions are kept', (namespace) =>
		deleteProxies(namespace, SERVER, PROXIES),
	),
	scenario('the backend is lost', 'nothing', ({ kubectl }) => kubectl('delete', 'pod', `${SERVER}-0`)),
	scenario(
		'`spec.replicas` of the MCPServer is set to 2',
		'nothing',
		({ kubectl }) => kubectl('patch', 'mcpserver', SERVER, '--type=merge', '-p', patch),
		{ to: 2 },
	),
];

/** With fewer requests, the scenario may miss the failures that occur without the product. */
const ENOUGH_TO_FAIL = 2_000;

export function describeScenarios(
	sessions: () => SessionNamespace,
	scenarios: readonly Scenario[],
	{ hasProduct, atLeast }: { readonly hasProduct: boolean; readonly atLeast: number },
	onCounted: (scenario: string, counted: Counted) => void,
): void {
	before('server', async () => {
		const namespace = sessions();
		await namespace.apply(mcpServer(namespace.name, SERVER), podDisruptionBudget(SERVER));
		await namespace.waitForReplicas(SERVER, 1);
	});
	for (const { name, from, to, usesAddresses, failsWithout, disturb, ...scenario } of scenarios) {
		const mustFail = failsWithout && atLeast >= ENOUGH_TO_FAIL;
		const expected = hasProduct ? scenario.expected : mustFail ? 'requests fail' : 'nothing';
		it(`${name} › ${expected === 'nothing' ? 'failures are counted' : expected}`, async () => {
			const namespace = sessions();
			await scaleTo(from)(namespace);
			await namespace.waitForReplicas(SERVER, from);
			const urls = (await namespace.proxies(SERVER)).map(({ address }) => `http://${address}:8080/mcp`);
			const load = usesAddresses ? { urls, atLeast } : { server: SERVER, atLeast };
			const counted = await loadDuring(namespace, load, async () => {
				await disturb(namespace);
				await namespace.waitForReplicas(SERVER, to);
			});
			onCounted(name, counted);
			expect(counted.sent).to.be.at.least(atLeast);
			if (expected === 'requests fail') expect(counted.failed - counted.closing).to.be.above(0);
			if (expected === 'no failure' || expected === 'sessions are kept') expectKept(counted, expected);
		});
	}
}

/** Returns a budget that allows one eviction at a time. */
const podDisruptionBudget = (name: string): object => ({
	apiVersion: 'policy/v1',
	kind: 'PodDisruptionBudget',
	metadata: { name },
	spec: { maxUnavailable: 1, selector: { matchLabels: { 'app.kubernetes.io/instance': name } } },
});
