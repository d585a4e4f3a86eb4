/** A Deployment or ConfigMap without its ownerReference, as after a restore: conditions and Events. */
import { expect } from 'chai';
import type { Json } from '../../../src/api/types.ts';
import type { Settings } from '../../../src/policy/settings.ts';
import {
	configMap,
	deployment,
	mcpRemoteProxy,
	mcpServer,
	ownedBy,
	PASSWORD,
	PASSWORD_ENTRY,
	REDIS,
	stdioServer,
	virtualMcpServer,
} from '../../harness/objects.ts';
import { createHarness, type Harness } from './harness.ts';

const UNOWNED = { ownerReferences: undefined };
const CAPPED = { type: 'StdioReplicaCapped', status: 'True', reason: 'StdioTransportCapAt1' };
const CONFIGURED = { type: 'SessionStorageWarning', status: 'False', reason: 'SessionStorageConfigured' };

const withCondition = (server: Json, condition: Json): Json => ({ ...server, status: { conditions: [condition] } });
const reasonsOf = ({ server }: Harness): unknown[] => {
	const { conditions = [] } = (server?.['status'] ?? {}) as { conditions?: Json[] };
	return conditions.map(({ status, reason }) => `${status} ${reason}`);
};
const runConfigLabels = (label: string, name: string): Json => ({
	labels: { 'toolhive.stacklok.io/managed-by': 'toolhive-operator', [`toolhive.stacklok.io/${label}`]: name },
});
const proxyWith = (env: readonly Json[], image = 'ghcr.io/stacklok/toolhive/vmcp:v0.18.0'): Json => ({
	containers: [{ name: 'toolhive', image, env }],
});

interface Row {
	readonly it: string;
	readonly server: Json;
	readonly condition?: Json;
	readonly deployment?: (server: Json) => Json;
	readonly configMap?: (server: Json) => Json;
	readonly settings?: Partial<Settings>;
	readonly reasons: readonly string[];
}

const stdio = stdioServer({ replicas: 3 });
const redis = { replicas: 2, sessionStorage: REDIS };
const withPassword = { replicas: 2, sessionStorage: { ...REDIS, passwordRef: PASSWORD } };

const ROWS: readonly Row[] = [
	{
		it: 'stdio, 4 live replicas › the cap is not active',
		server: stdio,
		condition: CAPPED,
		deployment: (server) => deployment(server, { replicas: 4 }, {}, UNOWNED),
		reasons: ['False StdioReplicaCapNotActive', 'True SessionStorageMissingForReplicas'],
	},
	{
		it: 'stdio, 4 live replicas, no condition yet › none is created',
		server: stdio,
		deployment: (server) => deployment(server, { replicas: 4 }, {}, UNOWNED),
		reasons: ['True SessionStorageMissingForReplicas'],
	},
	{
		it: 'stdio, 4 live replicas, owned by a former server of that name › the cap is not active',
		server: stdio,
		condition: CAPPED,
		deployment: (server) =>
			deployment(server, { replicas: 4 }, {}, { ownerReferences: [{ ...ownedBy(server), uid: 'former' }] }),
		reasons: ['False StdioReplicaCapNotActive', 'True SessionStorageMissingForReplicas'],
	},
	{
		it: 'stdio, 1 live replica › the condition is true, and stays',
		server: stdio,
		condition: CAPPED,
		deployment: (server) => deployment(server, {}, {}, UNOWNED),
		reasons: ['True StdioTransportCapAt1', 'True SessionStorageMissingForReplicas'],
	},
	{
		it: 'stdio, 4 live replicas, labelled for another kind › it is another server’s',
		server: stdio,
		condition: CAPPED,
		deployment: (server) =>
			deployment(
				server,
				{ replicas: 4 },
				{},
				{
					...UNOWNED,
					labels: { app: 'virtualmcpserver', toolhive: 'true', 'toolhive-name': 'files' },
				},
			),
		reasons: ['True StdioTransportCapAt1', 'True SessionStorageMissingForReplicas'],
	},
	...[mcpServer, virtualMcpServer, mcpRemoteProxy].map(
		(make): Row => ({
			it: `${make()['kind']}, the Deployment lacks the password › not configured`,
			server: make(withPassword),
			condition: CONFIGURED,
			deployment: (server) => deployment(server, {}, proxyWith([]), UNOWNED),
			reasons: ['False SessionStorageWarningNotApplicable'],
		}),
	),
	{
		it: 'the Deployment has the password, and another grace period › configured',
		server: mcpServer(withPassword),
		condition: CONFIGURED,
		deployment: (server) => deployment(server, {}, proxyWith([PASSWORD_ENTRY]), UNOWNED),
		settings: { gracePeriodSeconds: 60 },
		reasons: ['False SessionStorageConfigured'],
	},
	{
		it: 'pod mode: the password is on the Pods › configured',
		server: mcpServer(withPassword),
		condition: CONFIGURED,
		deployment: (server) => deployment(server, {}, proxyWith([]), UNOWNED),
		settings: { passwordEnv: 'pod' },
		reasons: ['False SessionStorageConfigured'],
	},
	...(
		[
			[mcpServer, 'mcp-server', 'search'],
			[mcpRemoteProxy, 'mcp-remote-proxy', 'crm'],
			[virtualMcpServer, 'virtual-mcp-server', 'hub'],
		] as const
	).map(
		([make, label, name]): Row => ({
			it: `${make()['kind']}, the ConfigMap lacks redis › not configured`,
			server: make(redis),
			condition: CONFIGURED,
			deployment: (server) => deployment(server, {}, proxyWith([]), UNOWNED),
			configMap: (server) => configMap(server, '{}', { ...UNOWNED, ...runConfigLabels(label, name) }),
			reasons: ['False SessionStorageWarningNotApplicable'],
		}),
	),
];

describe('reconcile: objects that the server does not own', () => {
	for (const row of ROWS) {
		it(row.it, async () => {
			const server = row.condition === undefined ? row.server : withCondition(row.server, row.condition);
			const more = {
				...(row.deployment !== undefined && { deployment: row.deployment(server) }),
				...(row.configMap !== undefined && { configMap: row.configMap(server) }),
				...(row.settings !== undefined && { settings: row.settings }),
			};
			const harness = createHarness(server, more);
			await harness.settle();
			expect(reasonsOf(harness)).to.deep.equal(row.reasons);
			expect(harness.writes.filter((what) => what !== 'status')).to.deep.equal([]);
			const written = harness.writes.length;
			harness.nowMs += 3_600_000;
			expect(await harness.pass()).to.equal(undefined);
			expect(harness.writes.length, 'later').to.equal(written);
		});
	}

	it('owned again › the condition is True again, and the cap is applied', async () => {
		const server = withCondition(stdio, CAPPED);
		const harness = createHarness(server, { deployment: deployment(server, { replicas: 4 }, {}, UNOWNED) });
		await harness.settle();
		harness.deployment = deployment(server, { replicas: 4 });
		await harness.settle();
		expect(reasonsOf(harness)[0]).to.equal('True StdioTransportCapAt1');
		expect((harness.deployment['spec'] as Json)['replicas']).to.equal(1);
	});

	it('an operator that keeps writing the condition › written back less and less often', async () => {
		const server = withCondition(mcpServer(withPassword), CONFIGURED);
		const harness = createHarness(server, { deployment: deployment(server, {}, proxyWith([]), UNOWNED) });
		while (harness.nowMs < 3_600_000) {
			harness.nowMs += (await harness.pass()) ?? 1_000;
			if (reasonsOf(harness)[0] !== 'False SessionStorageConfigured') {
				harness.server = { ...(harness.server as Json), status: { conditions: [CONFIGURED] } };
			}
		}
		expect(harness.writes.length).to.be.within(3, 10);
	});

	it('the Event comes once, after 10 s, and again when it is lost a second time', async () => {
		const server = mcpServer();
		const lost = deployment(server, {}, {}, UNOWNED);
		const harness = createHarness(server, {
			deployment: lost,
			configMap: configMap(server, '{}', { ...UNOWNED, ...runConfigLabels('mcp-server', 'search') }),
		});
		expect(await harness.pass()).to.equal(10_000);
		expect(harness.events).to.deep.equal([]);
		await harness.settle();
		await harness.settle();
		expect(harness.events).to.deep.equal([
			'NotOwnedByServer: this MCPServer does not own Deployment search and ConfigMap search-runconfig: scaling settings are not applied; thv-scaling doctor prints the repair',
		]);
		harness.configMap = undefined;
		harness.deployment = deployment(server);
		await harness.settle();
		harness.deployment = lost;
		await harness.settle();
		expect(harness.events.filter((event) => event.startsWith('NotOwnedByServer'))).to.have.length(2);
	});

	const eventsOf = (harness: Harness): number =>
		harness.events.filter((event) => event.startsWith('NotOwnedByServer')).length;

	it('the same Deployment › owned for a while and lost a second time › a second Event, after 10 s', async () => {
		const server = mcpServer();
		const lost = deployment(server, {}, {}, UNOWNED);
		const harness = createHarness(server, { deployment: lost });
		await harness.settle();
		expect(eventsOf(harness)).to.equal(1);
		harness.deployment = deployment(server);
		await harness.settle();
		harness.deployment = lost;
		expect(await harness.pass()).to.equal(10_000);
		await harness.settle();
		expect(eventsOf(harness)).to.equal(2);
	});

	for (const row of [
		{ it: 'seen as gone in between', isSeenAsGone: true },
		{ it: 'not seen as gone in between', isSeenAsGone: false },
	]) {
		it(`a server deleted and made anew › ${row.it} › an Event for the new one, after 10 s`, async () => {
			const lost = deployment(mcpServer(), {}, {}, UNOWNED);
			const harness = createHarness(mcpServer(), { deployment: lost });
			await harness.settle();
			expect(eventsOf(harness)).to.equal(1);
			harness.server = undefined;
			if (row.isSeenAsGone) await harness.settle();
			harness.server = mcpServer({}, { uid: 'made-anew' });
			expect(await harness.pass()).to.equal(10_000);
			await harness.settle();
			expect(eventsOf(harness)).to.equal(2);
		});
	}

	it('owned within 10 s, or being deleted › no Event', async () => {
		const server = mcpServer();
		const harness = createHarness(server, { deployment: deployment(server, {}, {}, UNOWNED) });
		await harness.pass();
		harness.nowMs = 9_000;
		harness.deployment = deployment(server);
		await harness.settle();
		harness.deployment = deployment(server, {}, {}, { ...UNOWNED, deletionTimestamp: '2026-01-01T00:00:00Z' });
		await harness.settle();
		expect(harness.events).to.deep.equal([]);
	});
});
