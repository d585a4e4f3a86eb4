/**
 * Tests the configuration and the pod template of a live server: which writes the reconciler makes, when it makes them,
 * and how it reacts if another client reverts them.
 */
import { expect } from 'chai';
import type { Json } from '../../../src/api/types.ts';
import {
	asTree,
	configMap,
	configText,
	deployment,
	mcpServer,
	ownedBy,
	PASSWORD,
	PASSWORD_ENTRY,
	REDIS,
	stdioServer,
} from '../../harness/objects.ts';
import { annotationsOf, createHarness, type Harness, reasonsOf, replicasOf } from './harness.ts';

const TEXT = '{\n  "name": "search"\n}';
const CHECKSUM = 'toolhive.stacklok.dev/runconfig-checksum';
const DELETED = { deletionTimestamp: '2026-01-01T00:00:00Z' };
const withRedis = { backendReplicas: 2, sessionStorage: { ...REDIS, passwordRef: PASSWORD } };
/** Returns the objects as an operator without scaling fields writes them. */
const outdated = (server: Json) => ({ deployment: deployment(server), configMap: configMap(server, TEXT) });
const at = async (harness: Harness, ...times: number[]): Promise<number | undefined> => {
	let delayMs: number | undefined;
	for (const nowMs of times) {
		harness.nowMs = nowMs;
		delayMs = await harness.pass();
	}
	return delayMs;
};

describe('reconcile › configuration and template', () => {
	it('outdated for 10 s › one write to each object, with password and checksum, so that pods roll once', async () => {
		const server = mcpServer(withRedis);
		const harness = createHarness(server, outdated(server));
		const template = asTree(harness.deployment as Json);
		Object.assign(template['spec']?.['template']?.['metadata'] ?? {}, { annotations: { [CHECKSUM]: 'old' } });
		harness.deployment = template as unknown as Json;
		await at(harness, 0, 3_333, 6_666, 9_999);
		expect(harness.writes).to.deep.equal([]);
		expect(harness.rolloutCalls, 'a change that is not stable uses up no rollout').to.equal(0);
		await at(harness, 10_000);
		expect(harness.writes).to.deep.equal(['ConfigMap', 'Deployment']);
		expect(reasonsOf(harness)).to.deep.equal(['ScalingBackfilled', 'ScalingBackfilled']);
		expect(configText(harness.configMap as Json)).to.contain('"backend_replicas": 2');
		const written = asTree(harness.deployment)['spec']?.['template'];
		const checksum = annotationsOf(harness.configMap)['toolhive.stacklok.dev/content-checksum'];
		expect(written?.['metadata']?.['annotations']).to.deep.equal({ [CHECKSUM]: checksum });
		expect(written?.['spec']?.['containers']?.['0']?.['env']).to.deep.include(PASSWORD_ENTRY);
		expect(await at(harness, 3_610_000)).to.equal(undefined);
		expect(harness.writes).to.have.length(2);
	});

	it('another client corrects the objects within 10 s › the next wrong objects wait for 10 s again', async () => {
		const server = mcpServer(withRedis);
		const corrected = createHarness(server, outdated(server));
		await corrected.settle();
		const harness = createHarness(server, outdated(server));
		await harness.pass();
		Object.assign(harness, { deployment: corrected.deployment, configMap: corrected.configMap });
		await at(harness, 5_000);
		Object.assign(harness, outdated(server));
		await at(harness, 9_000, 18_999);
		expect(harness.writes).to.deep.equal([]);
		await at(harness, 19_000);
		expect(harness.writes).to.deep.equal(['ConfigMap', 'Deployment']);
	});

	it('the rollout limit is reached › the replicas are applied, the template waits and is counted', async () => {
		const server = mcpServer({ replicas: 3, ...withRedis });
		const harness = createHarness(server, { deployment: deployment(server) });
		harness.rolloutWaitMs = 3_000;
		expect(await at(harness, 0, 10_000)).to.equal(3_000);
		expect(harness.counts).to.deep.equal(['3/3']);
		expect(harness.reconciler.pendingRollouts()).to.equal(1);
		expect(JSON.stringify(harness.deployment)).not.to.contain('THV_SESSION_REDIS_PASSWORD');
		harness.server = undefined;
		await harness.pass();
		expect(harness.reconciler.pendingRollouts(), 'the server is deleted').to.equal(0);
		harness.server = server;
		await at(harness, 20_000, 30_000);
		expect(harness.reconciler.pendingRollouts()).to.equal(1);
		harness.rolloutWaitMs = 0;
		await harness.pass();
		expect(JSON.stringify(harness.deployment)).to.contain('THV_SESSION_REDIS_PASSWORD');
		expect(harness.reconciler.pendingRollouts()).to.equal(0);
	});

	/** Another client changes objects. Returns the seconds until the reconciler has corrected them. */
	const secondsAfter = async (harness: Harness, changes: Partial<Harness>): Promise<number> => {
		const fromMs = Object.assign(harness, changes).nowMs;
		await harness.settle();
		return (harness.nowMs - fromMs) / 1_000;
	};
	for (const part of ['configMap', 'deployment'] as const) {
		it(`another client reverts each write of the ${part} › an Event, and 10 s to 30 minutes until the server is changed`, async () => {
			const server = mcpServer(withRedis);
			const harness = createHarness(server);
			const delays: number[] = [];
			while (delays.length < 10) delays.push(await secondsAfter(harness, { [part]: outdated(server)[part] }));
			expect(delays).to.deep.equal([10, 10, 10, 60, 120, 240, 480, 960, 1_800, 1_800]);
			const events = [...Array(3).fill('ScalingBackfilled'), ...Array(7).fill('ScalingReverted')];
			expect(reasonsOf(harness)).to.deep.equal(events);
			const sessionStorage = { ...REDIS, passwordRef: { ...PASSWORD, name: 'other' } };
			const edited = mcpServer({ backendReplicas: 3, sessionStorage });
			const created = mcpServer(withRedis, { uid: 'another' });
			for (const other of [edited, created])
				expect(await secondsAfter(harness, { server: other, [part]: outdated(other)[part] })).to.equal(10);
		});
		it(`a webhook reverts three writes of the ${part} completely › repeated, although no event follows`, async () => {
			const server = mcpServer(withRedis);
			const harness = createHarness(server, { [part]: outdated(server)[part] });
			harness.reverts = 3;
			await harness.settle();
			expect([harness.writes.length, harness.nowMs]).to.deep.equal([4, 110_000]);
			expect(reasonsOf(harness)).to.deep.equal([...Array(3).fill('ScalingBackfilled'), 'ScalingReverted']);
			expect(JSON.stringify(harness[part])).to.contain(part === 'configMap' ? REDIS.address : PASSWORD.name);
		});
	}
	for (const [title, isCreated, pauseMs] of [
		['each time with a new Deployment', true, 0],
		['every 10 minutes', false, 600_000],
	] as const) {
		it(`the configuration is lost ${title} › written after 10 s`, async () => {
			const server = mcpServer({ backendReplicas: 2 });
			const harness = createHarness(server, outdated(server));
			for (let count = 1; count <= 10; count += 1) {
				const created = deployment(server, {}, {}, { uid: isCreated ? `created-${count}` : 'uid' });
				const changes = { nowMs: harness.nowMs + pauseMs, deployment: created, configMap: configMap(server, TEXT) };
				expect(await secondsAfter(harness, changes)).to.equal(10);
			}
			expect(harness.writes, 'a template without a checksum gets none').to.deep.equal(Array(10).fill('ConfigMap'));
		});
	}

	it('a conflict › requeued after 500 ms without a failure, and the settle time does not begin again', async () => {
		const server = mcpServer({ replicas: 3, sessionStorage: REDIS });
		const harness = createHarness(server, { deployment: deployment(server) });
		await at(harness, 0, 3_000);
		harness.conflicts = 1;
		expect(await at(harness, 10_000)).to.equal(500);
		await at(harness, 10_500);
		expect(replicasOf(harness)).to.equal(3);
	});

	it('the ConfigMap cannot be written › the Deployment is written, and the reconcile fails', async () => {
		const server = mcpServer(withRedis);
		const harness = createHarness(server, outdated(server), {}, 'write ConfigMap');
		await harness.pass();
		const error = await at(harness, 10_000).catch((reason: Error) => reason.message);
		expect(error).to.equal('write ConfigMap is forbidden');
		expect(harness.writes).to.deep.equal(['Deployment']);
	});

	const server = stdioServer(withRedis);
	const other = { ...server, kind: 'MCPRemoteProxy' };
	const twoOwners = [ownedBy(other), ownedBy(server)].map((one) => ({ ...one, controller: false }));
	const four = (owner: Json, metadata: Json = {}) => ({
		deployment: deployment(owner, { replicas: 4 }, {}, metadata),
		configMap: configMap(owner, TEXT, metadata),
	});
	for (const [title, objects] of [
		['owned by a server with another uid', four(stdioServer(withRedis, { uid: 'another' }))],
		['owned by two servers, and this is the second', four(server, { ownerReferences: twoOwners })],
		['the objects are being deleted', four(server, DELETED)],
		['the server is being deleted', { ...four(server), server: stdioServer(withRedis, DELETED) }],
		['the server is gone', { ...four(server), server: undefined }],
	] as const) {
		it(`${title} › no write`, async () => {
			const harness = Object.assign(createHarness(server), objects);
			await harness.settle();
			expect(harness.writes).to.deep.equal([]);
		});
	}
});
