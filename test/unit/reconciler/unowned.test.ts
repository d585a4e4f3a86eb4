/** Tests conditions and Events for a Deployment or ConfigMap that lacks its ownerReference, as after a restore. */
import { expect } from 'chai';
import type { Json } from '../../../src/api/types.ts';
import type { Settings } from '../../../src/policy/settings.ts';
import {
	configMap,
	container,
	deployment,
	mcpRemoteProxy,
	mcpServer,
	nameOf,
	ownedBy,
	PASSWORD,
	PASSWORD_ENTRY,
	REDIS,
	stdioServer,
	virtualMcpServer,
} from '../../harness/objects.ts';
import { KINDS, type Kind } from '../../harness/old-operator/kinds.ts';
import { conditionsOf, createHarness, type Harness, type Objects, replicasOf, withConditions } from './harness.ts';

const UNOWNED = { ownerReferences: undefined };
/** `fields` changes the proxy container. */
const unowned = (server: Json, spec: Json = {}, fields: Json = {}, metadata: Json = {}): { deployment: Json } => ({
	deployment: deployment(server, spec, { containers: [container(server, fields)] }, { ...UNOWNED, ...metadata }),
});
const unownedConfigMap = (server: Json): { configMap: Json } => {
	const label = { [`toolhive.stacklok.io/${KINDS[server['kind'] as Kind].config.label}`]: nameOf(server) };
	const labels = { 'toolhive.stacklok.io/managed-by': 'toolhive-operator', ...label };
	return { configMap: configMap(server, '{}', { ...UNOWNED, labels }) };
};
const statusesOf = (harness: Harness): string[] =>
	conditionsOf(harness).map(({ status, reason }) => `${status} ${reason}`);

const CAPPED = { type: 'StdioReplicaCapped', status: 'True', reason: 'StdioTransportCapAt1' };
const CONFIGURED = { type: 'SessionStorageWarning', status: 'False', reason: 'SessionStorageConfigured' };
const isMissing = 'True SessionStorageMissingForReplicas';
const isCapped = ['True StdioTransportCapAt1', isMissing];
const isNotCapped = ['False StdioReplicaCapNotActive', isMissing];
const isConfigured = ['False SessionStorageConfigured'];
const isNotConfigured = ['False SessionStorageWarningNotApplicable'];

const stdio = stdioServer({ replicas: 3 });
const protectedServer = mcpServer({ replicas: 2, sessionStorage: { ...REDIS, passwordRef: PASSWORD } });
const withoutPassword = unowned(protectedServer);
const former = { ownerReferences: [{ ...ownedBy(stdio), uid: 'former' }] };
const otherLabels = { labels: { app: 'virtualmcpserver', toolhive: 'true', 'toolhive-name': 'files' } };
const four = { replicas: 4 };

/** A row has a server with its condition at the start, its objects, and the conditions afterwards. */
const ROWS: readonly (readonly [string, Json, Json | undefined, Objects, readonly string[], Partial<Settings>?])[] = [
	['4 live › not capped', stdio, CAPPED, unowned(stdio, four), isNotCapped],
	['4 live, no condition yet › none is created', stdio, undefined, unowned(stdio, four), [isMissing]],
	['4 live, owned by a former server › not capped', stdio, CAPPED, unowned(stdio, four, {}, former), isNotCapped],
	['1 live › capped', stdio, CAPPED, unowned(stdio), isCapped],
	['4 live, labelled for another kind › capped', stdio, CAPPED, unowned(stdio, four, {}, otherLabels), isCapped],
	['no password › not configured', protectedServer, CONFIGURED, withoutPassword, isNotConfigured],
	[
		'the password, and another grace period › configured',
		...([protectedServer, CONFIGURED, unowned(protectedServer, {}, { env: [PASSWORD_ENTRY] }), isConfigured] as const),
		{ gracePeriodSeconds: 60 },
	],
	['pod mode › configured', protectedServer, CONFIGURED, withoutPassword, isConfigured, { passwordEnv: 'pod' }],
	...[mcpServer, mcpRemoteProxy, virtualMcpServer].map((make) => {
		const server = make({ replicas: 2, sessionStorage: REDIS });
		const objects = { ...unowned(server), ...unownedConfigMap(server) };
		return [`${server['kind']}, no redis › not configured`, server, CONFIGURED, objects, isNotConfigured] as const;
	}),
];

describe('reconcile › objects that the server does not own', () => {
	for (const [title, server, condition, objects, statuses, settings] of ROWS) {
		it(title, async () => {
			const harness = createHarness(withConditions(server, ...(condition ? [condition] : [])), objects, settings);
			await harness.settle();
			expect(statusesOf(harness)).to.deep.equal(statuses);
			const writes = harness.writes.length;
			harness.nowMs += 3_600_000;
			expect(await harness.pass()).to.equal(undefined);
			expect(harness.writes).to.deep.equal(Array(writes).fill('status'));
		});
	}

	it('owned again › the condition is True again, and the cap is applied', async () => {
		const harness = createHarness(withConditions(stdio, CAPPED), unowned(stdio, four));
		await harness.settle();
		harness.deployment = deployment(stdio, four);
		await harness.settle();
		expect(statusesOf(harness)[0]).to.equal(isCapped[0]);
		expect(replicasOf(harness)).to.equal(1);
	});

	it('an operator keeps writing the condition › written back less and less often', async () => {
		const harness = createHarness(withConditions(protectedServer, CONFIGURED), withoutPassword);
		while (harness.nowMs < 3_600_000) {
			harness.nowMs += (await harness.pass()) ?? 1_000;
			if (statusesOf(harness)[0] !== isConfigured[0]) harness.server = withConditions(harness.server, CONFIGURED);
		}
		expect(harness.writes.length).to.be.within(3, 10);
	});
});

describe('reconcile › Event about objects that the server does not own', () => {
	const server = mcpServer();
	// The image of this Deployment is too old, which is reported only for Deployments that the server owns.
	const lost = unowned(server, {}, { image: 'proxyrunner:v0.18.0' });
	const eventsOf = ({ events }: Harness): string[] => events.filter((event) => event.startsWith('NotOwnedByServer'));

	it('lost › one Event after 10 s, and none about the image; owned, and lost again › one more after 10 s', async () => {
		const objects = { ...lost, ...unownedConfigMap(server) };
		const harness = createHarness(server, objects);
		expect(await harness.pass()).to.equal(10_000);
		expect(harness.events).to.deep.equal([]);
		await harness.settle();
		await harness.settle();
		expect(harness.events).to.deep.equal([
			'NotOwnedByServer: this MCPServer does not own Deployment search and ConfigMap search-runconfig: scaling settings are not applied; thv-scaling doctor prints the fix',
		]);
		Object.assign(harness, { deployment: deployment(server), configMap: configMap(server, '{}') });
		await harness.settle();
		Object.assign(harness, objects);
		expect(await harness.pass()).to.equal(10_000);
		await harness.settle();
		expect(eventsOf(harness)).to.have.length(2);
	});

	for (const isSeenAsGone of [true, false]) {
		it(`a server created again, ${isSeenAsGone ? '' : 'not '}seen as gone › an Event for the new one, after 10 s`, async () => {
			const harness = createHarness(server, lost);
			await harness.settle();
			expect(eventsOf(harness)).to.have.length(1);
			harness.server = undefined;
			if (isSeenAsGone) await harness.settle();
			harness.server = mcpServer({}, { uid: 'another' });
			expect(await harness.pass()).to.equal(10_000);
			await harness.settle();
			expect(eventsOf(harness)).to.have.length(2);
		});
	}

	it('owned within 10 s, or being deleted › no Event', async () => {
		const harness = createHarness(server, lost);
		await harness.pass();
		harness.nowMs = 9_000;
		harness.deployment = deployment(server);
		await harness.settle();
		Object.assign(harness, unowned(server, {}, {}, { deletionTimestamp: '2026-01-01T00:00:00Z' }));
		await harness.settle();
		expect(harness.events).to.deep.equal([]);
	});
});
