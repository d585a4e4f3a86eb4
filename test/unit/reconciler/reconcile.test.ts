/** One pass after another over objects in memory: what is written, when, and that it ends. */
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
import { createHarness, type Harness } from './harness.ts';

const ANNOTATION = 'toolhive-scaling/applied-replicas';
const annotated = (value: string): Json => ({ annotations: { [ANNOTATION]: value } });
const replicasOf = (harness: Harness): unknown => asTree(harness.deployment ?? {})['spec']?.['replicas'];
const annotationsOf = (object: Json | undefined): unknown => asTree(object ?? {})['metadata']?.['annotations'] ?? {};
const edit = (harness: Harness, spec: Json): void => {
	harness.server = { ...(harness.server as Json), spec: { ...((harness.server as Json)['spec'] as Json), ...spec } };
};
/** A second look, much later, at what has settled. */
async function staysQuiet(harness: Harness): Promise<void> {
	const before = harness.writes.length;
	harness.nowMs += 3_600_000;
	expect(await harness.pass()).to.equal(undefined);
	expect(harness.writes.length).to.equal(before);
}

describe('reconcile: replicas', () => {
	it('replicas › pending for 10 s › applied once, with the annotation', async () => {
		const server = mcpServer({ replicas: 3 });
		const harness = createHarness(server, { deployment: deployment(server) });
		await harness.pass();
		harness.nowMs = 9_999;
		expect(await harness.pass()).to.equal(1);
		expect(replicasOf(harness)).to.equal(1);
		harness.nowMs = 10_000;
		await harness.pass();
		expect(replicasOf(harness)).to.equal(3);
		expect(annotationsOf(harness.deployment)).to.deep.equal({ [ANNOTATION]: '3' });
		expect(harness.writes.filter((one) => one === 'Deployment')).to.have.length(1);
		expect(harness.events).to.include('ReplicasApplied: 3 replicas written to the Deployment');
		await staysQuiet(harness);
	});

	it('replicas › the operator applies them within 10 s › no write', async () => {
		const server = mcpServer({ replicas: 3 });
		const harness = createHarness(server, { deployment: deployment(server) });
		await harness.pass();
		harness.nowMs = 8_000;
		harness.deployment = deployment(server, { replicas: 3 });
		await harness.settle();
		expect(harness.writes).to.deep.equal(['status']);
		await staysQuiet(harness);
	});

	it('replicas › changed again after 9 s › the 10 s begin again', async () => {
		const server = mcpServer({ replicas: 3 });
		const harness = createHarness(server, { deployment: deployment(server) });
		await harness.pass();
		harness.nowMs = 9_000;
		await harness.pass();
		edit(harness, { replicas: 4 });
		expect(await harness.pass()).to.equal(10_000);
	});

	it('applied › scaled by another client › the count stays', async () => {
		const server = mcpServer({ replicas: 4 });
		const harness = createHarness(server, { deployment: deployment(server, { replicas: 6 }, {}, annotated('4')) });
		await harness.settle();
		expect(replicasOf(harness)).to.equal(6);
		expect(harness.writes).to.deep.equal(['status']);
	});

	it('seen with the count, no annotation › scaled by another client › the count stays', async () => {
		const server = mcpServer({ replicas: 1 });
		const harness = createHarness(server, { deployment: deployment(server) });
		await harness.settle();
		harness.deployment = deployment(server, { replicas: 6 });
		await harness.settle();
		expect(replicasOf(harness)).to.equal(6);
		edit(harness, { replicas: 2 });
		await harness.settle();
		expect(replicasOf(harness)).to.equal(2);
	});

	it('seen with the count, no annotation › scaled by another client › annotated after 10 s, and the next leader keeps the count', async () => {
		const server = mcpServer({ replicas: 1 });
		const harness = createHarness(server, { deployment: deployment(server) });
		await harness.settle();
		harness.deployment = deployment(server, { replicas: 6 });
		const beforeMs = harness.nowMs;
		await harness.settle();
		expect(harness.nowMs - beforeMs).to.equal(10_000);
		expect(annotationsOf(harness.deployment)).to.deep.equal({ [ANNOTATION]: '1' });
		expect(harness.events).to.deep.equal([]);
		const next = createHarness(server, { deployment: harness.deployment as Json });
		await next.settle();
		expect(replicasOf(next)).to.equal(6);
		await staysQuiet(harness);
	});

	it('applied once › the Deployment is replaced by a copy with the annotation of a former count › applied again', async () => {
		const server = mcpServer({ replicas: 3, sessionStorage: REDIS });
		const harness = createHarness(server, { deployment: deployment(server, { replicas: 3 }, {}, annotated('3')) });
		await harness.settle();
		harness.deployment = deployment(server, { replicas: 1 }, {}, annotated('1'));
		await harness.settle();
		expect(replicasOf(harness)).to.equal(3);
	});

	it('seen with the count, no annotation › scaled, and scaled back within 10 s › no write', async () => {
		const server = mcpServer({ replicas: 1 });
		const harness = createHarness(server, { deployment: deployment(server) });
		await harness.settle();
		harness.deployment = deployment(server, { replicas: 6 });
		await harness.pass();
		harness.nowMs += 5_000;
		harness.deployment = deployment(server);
		await harness.settle();
		expect(harness.writes).to.deep.equal([]);
	});

	it('stdio, 3 replicas › becomes sse › the pending replicas are applied', async () => {
		const harness = createHarness(stdioServer({ replicas: 3 }), { deployment: deployment(stdioServer()) });
		await harness.settle();
		expect(replicasOf(harness)).to.equal(1);
		edit(harness, { transport: 'sse' });
		await harness.settle();
		expect(replicasOf(harness)).to.equal(3);
	});

	it('sse, 3 replicas applied › stdio for a moment › 3 replicas again', async () => {
		const server = mcpServer({ replicas: 3, transport: 'sse' });
		const harness = createHarness(server, { deployment: deployment(server, { replicas: 3 }, {}, annotated('3')) });
		await harness.settle();
		edit(harness, { transport: 'stdio' });
		await harness.pass();
		expect(replicasOf(harness)).to.equal(1);
		edit(harness, { transport: 'sse' });
		await harness.settle();
		expect(replicasOf(harness)).to.equal(3);
		await staysQuiet(harness);
	});

	it('sse, 3 replicas applied › stdio with 0 › capped at 1 at once, then 0', async () => {
		const server = mcpServer({ replicas: 3, transport: 'sse' });
		const harness = createHarness(server, { deployment: deployment(server, { replicas: 3 }, {}, annotated('3')) });
		edit(harness, { transport: 'stdio', replicas: 0 });
		await harness.pass();
		expect(replicasOf(harness)).to.equal(1);
		await harness.settle();
		expect(replicasOf(harness)).to.equal(0);
		await staysQuiet(harness);
	});

	it('stdio, 0 replicas applied › scaled to 3 by another client › capped at 1', async () => {
		const server = stdioServer({ replicas: 0 });
		const harness = createHarness(server, { deployment: deployment(server, { replicas: 3 }, {}, annotated('0')) });
		await harness.settle();
		expect(replicasOf(harness)).to.equal(1);
		await staysQuiet(harness);
	});

	it('a server created again under the same name › nothing is remembered of the former one', async () => {
		const server = mcpServer({ replicas: 3, sessionStorage: REDIS });
		const harness = createHarness(server, { deployment: deployment(server, { replicas: 3 }) });
		await harness.settle();
		const again = mcpServer({ replicas: 3, sessionStorage: REDIS }, { uid: 'another' });
		harness.server = again;
		harness.deployment = deployment(again);
		await harness.settle();
		expect(replicasOf(harness)).to.equal(3);
	});

	it('eight edits in a row › each is applied after 10 s, without backoff', async () => {
		const server = mcpServer({ replicas: 1, sessionStorage: REDIS });
		const harness = createHarness(server, { deployment: deployment(server) });
		for (let replicas = 2; replicas < 9; replicas += 1) {
			edit(harness, { replicas });
			const beforeMs = harness.nowMs;
			await harness.settle();
			expect(replicasOf(harness)).to.equal(replicas);
			expect(harness.nowMs - beforeMs).to.be.at.most(10_000);
		}
	});

	it('replicas › removed › the count stays, the annotation is removed', async () => {
		const server = mcpServer();
		const harness = createHarness(server, { deployment: deployment(server, { replicas: 4 }, {}, annotated('4')) });
		await harness.settle();
		expect(replicasOf(harness)).to.equal(4);
		expect(annotationsOf(harness.deployment)).to.deep.equal({});
		await staysQuiet(harness);
	});

	it('replicas unset, 1 live › no write, no requeue', async () => {
		const server = mcpServer();
		const harness = createHarness(server, { deployment: deployment(server) });
		expect(await harness.pass()).to.equal(undefined);
		expect(harness.writes).to.deep.equal([]);
	});
});

describe('reconcile: stdio', () => {
	it('4 live replicas › 1 at once, and requeued', async () => {
		const server = stdioServer();
		const harness = createHarness(server, { deployment: deployment(server, { replicas: 4 }) });
		expect(await harness.pass()).to.equal(2_000);
		expect(replicasOf(harness)).to.equal(1);
		expect(annotationsOf(harness.deployment)).to.deep.equal({});
		expect(harness.events).to.deep.equal(['StdioReplicaCapped: scaled back from 4 to 1: stdio']);
		await staysQuiet(harness);
	});

	for (const live of [0, 1]) {
		it(`${live} live › no write, no requeue`, async () => {
			const server = stdioServer();
			const harness = createHarness(server, { deployment: deployment(server, { replicas: live }) });
			expect(await harness.pass()).to.equal(undefined);
			expect(harness.writes).to.deep.equal([]);
		});
	}

	it('replicas 3, 1 live › the condition is set, requeued once, no other write', async () => {
		const server = stdioServer({ replicas: 3, sessionStorage: REDIS });
		const harness = createHarness(server, { deployment: deployment(server) });
		expect(await harness.pass()).to.equal(3_000);
		harness.nowMs = 3_000;
		expect(await harness.pass()).to.equal(2_000);
		expect(await harness.pass()).to.equal(undefined);
		expect(harness.writes).to.deep.equal(['status']);
		expect(harness.events).to.have.length(1);
	});

	it('scaled up 10 times › 1 each time, without backoff', async () => {
		const server = stdioServer();
		const harness = createHarness(server);
		for (let turn = 0; turn < 10; turn += 1) {
			harness.deployment = deployment(server, { replicas: 4 });
			await harness.pass();
			expect(replicasOf(harness)).to.equal(1);
		}
	});

	it('sse, 3 live › becomes stdio › 1', async () => {
		const server = mcpServer({ replicas: 3, sessionStorage: REDIS });
		const harness = createHarness(server, { deployment: deployment(server, { replicas: 3 }, {}, annotated('3')) });
		await harness.settle();
		edit(harness, { transport: 'stdio' });
		await harness.settle();
		expect(replicasOf(harness)).to.equal(1);
		await staysQuiet(harness);
	});
});

describe('reconcile: backfill', () => {
	const text = '{\n  "name": "search"\n}';
	const asked = { backendReplicas: 2, sessionStorage: { ...REDIS, passwordRef: PASSWORD } };
	const withChecksum = (object: Json, checksum: string): Json => {
		const tree = asTree(object);
		Object.assign(tree['spec']?.['template']?.['metadata'] ?? {}, {
			annotations: { 'toolhive.stacklok.dev/runconfig-checksum': checksum },
		});
		return tree as unknown as Json;
	};

	it('configuration, password, checksum › one write for each object, so pods roll once', async () => {
		const server = mcpServer(asked);
		const harness = createHarness(server, {
			deployment: withChecksum(deployment(server), 'from-the-operator'),
			configMap: configMap(server, text),
		});
		await harness.settle();
		expect(harness.writes).to.deep.equal(['ConfigMap', 'Deployment']);
		expect(configText(harness.configMap as Json)).to.contain('"backend_replicas": 2');
		const template = asTree(harness.deployment as Json)['spec']?.['template'];
		const checksum = (annotationsOf(harness.configMap) as Json)['toolhive.stacklok.dev/content-checksum'];
		expect(template?.['metadata']?.['annotations']).to.deep.equal({
			'toolhive.stacklok.dev/runconfig-checksum': checksum,
		});
		expect(template?.['spec']?.['containers']?.['0']?.['env']).to.deep.include(PASSWORD_ENTRY);
		await staysQuiet(harness);
	});

	it('configuration › reverted after it was written › each write waits for 10 s', async () => {
		const server = mcpServer({ backendReplicas: 2 });
		const harness = createHarness(server);
		for (const fromMs of [0, 20_000]) {
			harness.nowMs = fromMs;
			harness.configMap = configMap(server, text);
			harness.writes.length = 0;
			expect(await harness.pass()).to.equal(10_000);
			harness.nowMs += 9_999;
			expect(await harness.pass()).to.equal(1);
			expect(harness.writes).to.deep.equal([]);
			harness.nowMs += 1;
			await harness.pass();
			expect(harness.writes).to.deep.equal(['ConfigMap']);
		}
	});

	it('configuration and password are missing › written after 10 s, not before', async () => {
		const server = mcpServer(asked);
		const harness = createHarness(server, { deployment: deployment(server), configMap: configMap(server, text) });
		for (harness.nowMs = 0; harness.nowMs < 10_000; harness.nowMs += 3_333) await harness.pass();
		expect(harness.writes).to.deep.equal([]);
		harness.nowMs = 10_000;
		await harness.pass();
		expect(harness.writes).to.deep.equal(['ConfigMap', 'Deployment']);
	});

	it('another client corrects them within 10 s › the next wrong ones wait for 10 s again', async () => {
		const server = mcpServer(asked);
		const wrong = { deployment: deployment(server), configMap: configMap(server, text) };
		const harness = createHarness(server, wrong);
		await harness.settle();
		const { deployment: rightDeployment, configMap: rightConfigMap } = harness;
		const later = createHarness(server, wrong);
		await later.pass();
		Object.assign(later, { deployment: rightDeployment, configMap: rightConfigMap, nowMs: 5_000 });
		await later.pass();
		Object.assign(later, wrong, { nowMs: 9_000 });
		await later.pass();
		later.nowMs = 18_999;
		await later.pass();
		expect(later.writes).to.deep.equal([]);
		later.nowMs = 19_000;
		await later.pass();
		expect(later.writes).to.deep.equal(['ConfigMap', 'Deployment']);
	});

	it('a template without a checksum › none is added', async () => {
		const server = mcpServer({ backendReplicas: 2 });
		const harness = createHarness(server, { deployment: deployment(server), configMap: configMap(server, text) });
		await harness.settle();
		expect(harness.writes).to.deep.equal(['ConfigMap']);
	});

	it('the rollout limit is reached › the replicas are applied, the template waits', async () => {
		const server = mcpServer({ replicas: 3, ...asked });
		const options = { deployment: deployment(server), rolloutWaitMs: 3_000 };
		const harness = createHarness(server, options);
		await harness.pass();
		harness.nowMs = 10_000;
		expect(await harness.pass()).to.equal(3_000);
		expect(replicasOf(harness)).to.equal(3);
		expect(harness.reconciler.waitingRollouts()).to.equal(1);
		expect(JSON.stringify(harness.deployment)).not.to.contain('THV_SESSION_REDIS_PASSWORD');
		options.rolloutWaitMs = 0;
		await harness.pass();
		expect(harness.reconciler.waitingRollouts()).to.equal(0);
	});

	it('a rollout is pending › the server is deleted › it is not counted any more', async () => {
		const server = mcpServer(asked);
		const harness = createHarness(server, { deployment: deployment(server), rolloutWaitMs: 3_000 });
		for (harness.nowMs = 0; harness.nowMs <= 10_000; harness.nowMs += 10_000) await harness.pass();
		expect(harness.reconciler.waitingRollouts()).to.equal(1);
		harness.server = undefined;
		await harness.pass();
		expect(harness.reconciler.waitingRollouts()).to.equal(0);
	});

	for (const part of ['configMap', 'deployment'] as const) {
		it(`another client reverts each write › an Event, and longer and longer delays: ${part}`, async () => {
			const server = mcpServer(asked);
			const reverted = { configMap: configMap(server, text), deployment: deployment(server) }[part];
			const harness = createHarness(server, { [part]: reverted });
			const times: number[] = [];
			while (harness.nowMs < 3_600_000) {
				const writes = harness.writes.length;
				const delayMs = await harness.pass();
				if (harness.writes.length > writes) {
					times.push(harness.nowMs);
					harness[part] = reverted;
				}
				harness.nowMs += delayMs ?? 1_000;
			}
			expect(times.length).to.be.within(6, 12);
			const reasons = harness.events.map((event) => event.split(':')[0]);
			expect(reasons.slice(0, 3)).to.deep.equal(Array(3).fill('ScalingBackfilled'));
			expect(new Set(reasons.slice(3))).to.deep.equal(new Set(['ScalingReverted']));
		});
	}

	it('writes were reverted › a server created again under the same name › written after 10 s', async () => {
		const harness = createHarness(mcpServer(asked));
		const restore = (server: Json): void => {
			harness.server = server;
			harness.deployment = deployment(server);
			harness.configMap = configMap(server, text);
		};
		for (let turn = 0; turn < 6; turn += 1) {
			restore(mcpServer(asked));
			await harness.settle();
		}
		const beforeMs = harness.nowMs;
		restore(mcpServer(asked, { uid: 'another' }));
		await harness.settle();
		expect(harness.nowMs - beforeMs).to.equal(10_000);
		expect(harness.writes.slice(-2)).to.deep.equal(['ConfigMap', 'Deployment']);
	});

	it('configuration is lost with each new Deployment › written after 10 s each time, without backoff', async () => {
		const server = mcpServer({ backendReplicas: 2 });
		const harness = createHarness(server);
		for (let count = 1; count <= 6; count += 1) {
			const fromMs = harness.nowMs;
			harness.deployment = deployment(server, {}, {}, { uid: `deployment-${count}` });
			harness.configMap = configMap(server, text);
			await harness.settle();
			expect(harness.nowMs - fromMs, String(count)).to.equal(10_000);
			expect(harness.writes.filter((one) => one === 'ConfigMap')).to.have.length(count);
		}
	});

	it('a conflict › not a failure, and the 10 s do not begin again', async () => {
		const server = mcpServer({ replicas: 3, sessionStorage: REDIS });
		const harness = createHarness(server, { deployment: deployment(server) });
		for (const nowMs of [0, 3_000]) {
			harness.nowMs = nowMs;
			await harness.pass();
		}
		harness.nowMs = 10_000;
		harness.conflicts = 1;
		expect(await harness.pass()).to.equal(500);
		harness.nowMs += 500;
		await harness.pass();
		expect(replicasOf(harness)).to.equal(3);
	});

	it('a Deployment with two owners › only the first one writes it', async () => {
		const server = mcpServer({ replicas: 3, sessionStorage: REDIS });
		const other = { ...server, kind: 'MCPRemoteProxy' };
		const both = { ownerReferences: [ownedBy(other), ownedBy(server)].map((one) => ({ ...one, controller: false })) };
		const harness = createHarness(server, { deployment: deployment(server, {}, {}, both) });
		await harness.settle();
		expect(replicasOf(harness)).to.equal(1);
	});

	it('the ConfigMap cannot be written › the Deployment is, and the pass fails', async () => {
		const server = mcpServer(asked);
		const objects = { deployment: deployment(server), configMap: configMap(server, text) };
		const harness = createHarness(server, { ...objects, unwritable: 'ConfigMap' });
		await harness.pass();
		harness.nowMs = 10_000;
		const error = await harness.pass().catch((reason: Error) => reason.message);
		expect(error).to.equal('ConfigMap is forbidden');
		expect(harness.writes).to.include('Deployment');
	});

	it('owned by another uid, or being deleted › no write', async () => {
		const server = stdioServer(asked);
		const other = stdioServer(asked, { uid: 'another' });
		const harness = createHarness(server, {
			deployment: deployment(other, { replicas: 4 }),
			configMap: configMap(other, text),
		});
		await harness.settle();
		harness.deployment = deployment(server, { replicas: 4 }, {}, { deletionTimestamp: '2026-01-01T00:00:00Z' });
		await harness.settle();
		harness.server = stdioServer(asked, { deletionTimestamp: '2026-01-01T00:00:00Z' });
		await harness.settle();
		harness.server = undefined;
		await harness.settle();
		expect(harness.writes).to.deep.equal([]);
	});
});

describe('reconcile: status', () => {
	it('the server is being deleted › no write', async () => {
		const harness = createHarness(mcpServer({ replicas: 2 }, { deletionTimestamp: '2026-01-01T00:00:00Z' }));
		await harness.settle();
		expect(harness.writes).to.deep.equal([]);
	});

	it('five conflicts › read, changed and written again until the write succeeds', async () => {
		const harness = createHarness(mcpServer({ replicas: 2 }));
		harness.conflicts = 5;
		await harness.settle();
		expect(harness.writes).to.deep.equal(['status']);
	});

	it('a condition is written twice › one Event, when it turned True', async () => {
		const ready = { conditions: [{ type: 'Ready', status: 'True', reason: 'Ready' }] };
		const harness = createHarness({ ...mcpServer({ replicas: 2 }, { generation: 1 }), status: ready });
		await harness.settle();
		edit(harness, { replicas: 3 });
		harness.server = {
			...(harness.server as Json),
			metadata: { ...asTree(harness.server as Json)['metadata'], generation: 2 },
		};
		await harness.settle();
		expect(harness.writes).to.deep.equal(['status', 'status']);
		expect(harness.events.map((event) => event.split(':')[0])).to.deep.equal(['SessionStorageMissing']);
	});

	it('the operator writes the same conditions within 3 s › no write', async () => {
		const harness = createHarness(mcpServer({ replicas: 2 }));
		expect(await harness.pass()).to.equal(3_000);
		const theirs = { type: 'SessionStorageWarning', status: 'True', reason: 'SessionStorageMissingForReplicas' };
		harness.server = { ...(harness.server as Json), status: { conditions: [theirs] } };
		await harness.settle();
		expect(harness.writes).to.deep.equal([]);
	});

	for (const [change, metadata] of Object.entries({
		changed: { generation: 2 },
		'created again': { uid: 'another' },
	})) {
		it(`the server is ${change} within 3 s › written 3 s after that`, async () => {
			const harness = createHarness(mcpServer({ replicas: 2 }));
			await harness.pass();
			harness.nowMs = 2_000;
			harness.server = mcpServer({ replicas: 2 }, metadata);
			expect(await harness.pass()).to.equal(3_000);
			harness.nowMs = 5_000;
			await harness.pass();
			expect(harness.writes).to.deep.equal(['status']);
		});
	}

	it('conditions of others change every second › ours are written once', async () => {
		const harness = createHarness(mcpServer({ replicas: 2 }));
		while (harness.nowMs < 10_000) {
			const theirs = { type: 'Ready', status: 'False', reason: 'Crashing', message: `at ${harness.nowMs}` };
			if (harness.writes.length === 0)
				harness.server = { ...(harness.server as Json), status: { conditions: [theirs] } };
			await harness.pass();
			harness.nowMs += 1_000;
		}
		expect(harness.writes).to.deep.equal(['status']);
	});

	for (const unreadable of ['Deployment', 'ConfigMap'] as const) {
		it(`the ${unreadable} cannot be read › the conditions are written, and the pass fails`, async () => {
			const harness = createHarness(mcpServer({ replicas: 2 }), { unreadable });
			const messageOf = (): Promise<unknown> => harness.pass().catch((error: Error) => error.message);
			expect(await messageOf()).to.equal(`${unreadable} is forbidden`);
			harness.nowMs = 3_000;
			expect(await messageOf()).to.equal(`${unreadable} is forbidden`);
			expect(harness.writes).to.deep.equal(['status']);
			expect(asTree(harness.server as Json)['status']?.['conditions']?.['0']).to.include({
				type: 'SessionStorageWarning',
				status: 'True',
			});
		});
	}

	it('status.conditions is not a list › the pass fails, and the cap is enforced', async () => {
		const server = { ...stdioServer({ replicas: 2 }), status: { conditions: 'none' } };
		const harness = createHarness(server, { deployment: deployment(server, { replicas: 4 }) });
		let message = '';
		await harness.pass().catch((error: Error) => {
			message = error.message;
		});
		expect(message).to.contain('status.conditions is not a list');
		expect(harness.server).to.equal(server);
		expect(replicasOf(harness)).to.equal(1);
	});
});
