/** One pass after another over objects in memory: what is written, when, and that it ends. */
import { expect } from 'chai';
import type { Json } from '../../src/toolhive/types.ts';
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
} from '../objects/build.ts';
import { createStage, type Stage } from './stage.ts';

const NOTE = 'toolhive-scaling/applied-replicas';
const noted = (value: string): Json => ({ annotations: { [NOTE]: value } });
const replicasOf = (stage: Stage): unknown => asTree(stage.deployment ?? {})['spec']?.['replicas'];
const annotationsOf = (object: Json | undefined): unknown => asTree(object ?? {})['metadata']?.['annotations'] ?? {};
const edit = (stage: Stage, spec: Json): void => {
	stage.server = { ...(stage.server as Json), spec: { ...((stage.server as Json)['spec'] as Json), ...spec } };
};
/** A second look, much later, at what has settled. */
async function staysQuiet(stage: Stage): Promise<void> {
	const before = stage.writes.length;
	stage.nowMs += 3_600_000;
	expect(await stage.pass()).to.equal(undefined);
	expect(stage.writes.length).to.equal(before);
}

describe('reconcile: replicas', () => {
	it('a wish is carried once, together with the note, after 10 s', async () => {
		const server = mcpServer({ replicas: 3 });
		const stage = createStage(server, { deployment: deployment(server) });
		await stage.pass();
		stage.nowMs = 9_999;
		expect(await stage.pass()).to.equal(1);
		expect(replicasOf(stage)).to.equal(1);
		stage.nowMs = 10_000;
		await stage.pass();
		expect(replicasOf(stage)).to.equal(3);
		expect(annotationsOf(stage.deployment)).to.deep.equal({ [NOTE]: '3' });
		expect(stage.writes.filter((one) => one === 'Deployment')).to.have.length(1);
		expect(stage.events).to.include('ReplicasApplied: 3 replicas written to the Deployment');
		await staysQuiet(stage);
	});

	it('an operator that carries it itself within that time leaves nothing to write', async () => {
		const server = mcpServer({ replicas: 3 });
		const stage = createStage(server, { deployment: deployment(server) });
		await stage.pass();
		stage.nowMs = 8_000;
		stage.deployment = deployment(server, { replicas: 3 });
		await stage.settle();
		expect(stage.writes).to.deep.equal(['status']);
		await staysQuiet(stage);
	});

	it('the 10 s begin anew with another wish', async () => {
		const server = mcpServer({ replicas: 3 });
		const stage = createStage(server, { deployment: deployment(server) });
		await stage.pass();
		stage.nowMs = 9_000;
		await stage.pass();
		edit(stage, { replicas: 4 });
		expect(await stage.pass()).to.equal(10_000);
	});

	it('once carried, whoever scales the Deployment owns the count', async () => {
		const server = mcpServer({ replicas: 4 });
		const stage = createStage(server, { deployment: deployment(server, { replicas: 6 }, {}, noted('4')) });
		await stage.settle();
		expect(replicasOf(stage)).to.equal(6);
		expect(stage.writes).to.deep.equal(['status']);
	});

	it('a count that was seen as wished is somebody’s choice when it changes, also without a note', async () => {
		const server = mcpServer({ replicas: 1 });
		const stage = createStage(server, { deployment: deployment(server) });
		await stage.settle();
		stage.deployment = deployment(server, { replicas: 6 });
		await stage.settle();
		expect(replicasOf(stage)).to.equal(6);
		edit(stage, { replicas: 2 });
		await stage.settle();
		expect(replicasOf(stage)).to.equal(2);
	});

	it('that choice is written down after 10 s, or the next leader would take the count for a wish that nobody carried', async () => {
		const server = mcpServer({ replicas: 1 });
		const stage = createStage(server, { deployment: deployment(server) });
		await stage.settle();
		stage.deployment = deployment(server, { replicas: 6 });
		const beforeMs = stage.nowMs;
		await stage.settle();
		expect(stage.nowMs - beforeMs).to.equal(10_000);
		expect(annotationsOf(stage.deployment)).to.deep.equal({ [NOTE]: '1' });
		const next = createStage(server, { deployment: stage.deployment as Json });
		await next.settle();
		expect(replicasOf(next)).to.equal(6);
		await staysQuiet(stage);
	});

	it('an operator that takes the count back within that time leaves nothing to write down', async () => {
		const server = mcpServer({ replicas: 1 });
		const stage = createStage(server, { deployment: deployment(server) });
		await stage.settle();
		stage.deployment = deployment(server, { replicas: 6 });
		await stage.pass();
		stage.nowMs += 5_000;
		stage.deployment = deployment(server);
		await stage.settle();
		expect(stage.writes).to.deep.equal([]);
	});

	it('a wish that the cap held back is carried once the server is stdio no longer', async () => {
		const stage = createStage(stdioServer({ replicas: 3 }), { deployment: deployment(stdioServer()) });
		await stage.settle();
		expect(replicasOf(stage)).to.equal(1);
		edit(stage, { transport: 'sse' });
		await stage.settle();
		expect(replicasOf(stage)).to.equal(3);
	});

	it('sse that becomes stdio for a moment gets its count back, though a note said that it had been carried', async () => {
		const server = mcpServer({ replicas: 3, transport: 'sse' });
		const stage = createStage(server, { deployment: deployment(server, { replicas: 3 }, {}, noted('3')) });
		await stage.settle();
		edit(stage, { transport: 'stdio' });
		await stage.pass();
		expect(replicasOf(stage)).to.equal(1);
		edit(stage, { transport: 'sse' });
		await stage.settle();
		expect(replicasOf(stage)).to.equal(3);
		await staysQuiet(stage);
	});

	it('sse with 3 that becomes stdio with 0 is capped at once and carried to 0: the cap is no wish', async () => {
		const server = mcpServer({ replicas: 3, transport: 'sse' });
		const stage = createStage(server, { deployment: deployment(server, { replicas: 3 }, {}, noted('3')) });
		edit(stage, { transport: 'stdio', replicas: 0 });
		await stage.pass();
		expect(replicasOf(stage)).to.equal(1);
		await stage.settle();
		expect(replicasOf(stage)).to.equal(0);
		await staysQuiet(stage);
	});

	it('stdio with 0 that somebody scales up is held at 1, which is his choice', async () => {
		const server = stdioServer({ replicas: 0 });
		const stage = createStage(server, { deployment: deployment(server, { replicas: 3 }, {}, noted('0')) });
		await stage.settle();
		expect(replicasOf(stage)).to.equal(1);
		await staysQuiet(stage);
	});

	it('a server made anew under the old name starts without a past', async () => {
		const server = mcpServer({ replicas: 3, sessionStorage: REDIS });
		const stage = createStage(server, { deployment: deployment(server, { replicas: 3 }) });
		await stage.settle();
		const again = mcpServer({ replicas: 3, sessionStorage: REDIS }, { uid: 'another' });
		stage.server = again;
		stage.deployment = deployment(again);
		await stage.settle();
		expect(replicasOf(stage)).to.equal(3);
	});

	it('honest edits, one after the other, wait for nothing but the 10 s', async () => {
		const server = mcpServer({ replicas: 1, sessionStorage: REDIS });
		const stage = createStage(server, { deployment: deployment(server) });
		for (let replicas = 2; replicas < 9; replicas += 1) {
			edit(stage, { replicas });
			const beforeMs = stage.nowMs;
			await stage.settle();
			expect(replicasOf(stage)).to.equal(replicas);
			expect(stage.nowMs - beforeMs).to.be.at.most(10_000);
		}
	});

	it('set, then unset: the live count stays, the note goes', async () => {
		const server = mcpServer();
		const stage = createStage(server, { deployment: deployment(server, { replicas: 4 }, {}, noted('4')) });
		await stage.settle();
		expect(replicasOf(stage)).to.equal(4);
		expect(annotationsOf(stage.deployment)).to.deep.equal({});
		await staysQuiet(stage);
	});

	it('edge: unset and one live replica: no write, no requeue', async () => {
		const server = mcpServer();
		const stage = createStage(server, { deployment: deployment(server) });
		expect(await stage.pass()).to.equal(undefined);
		expect(stage.writes).to.deep.equal([]);
	});
});

describe('reconcile: stdio', () => {
	it('external cap: a live count above 1 goes back at once, and is looked at again', async () => {
		const server = stdioServer();
		const stage = createStage(server, { deployment: deployment(server, { replicas: 4 }) });
		expect(await stage.pass()).to.equal(2_000);
		expect(replicasOf(stage)).to.equal(1);
		expect(annotationsOf(stage.deployment)).to.deep.equal({});
		expect(stage.events).to.deep.equal(['StdioReplicaCapped: scaled back from 4 to 1: stdio']);
		await staysQuiet(stage);
	});

	for (const live of [0, 1]) {
		it(`live ${live}: no write, no requeue`, async () => {
			const server = stdioServer();
			const stage = createStage(server, { deployment: deployment(server, { replicas: live }) });
			expect(await stage.pass()).to.equal(undefined);
			expect(stage.writes).to.deep.equal([]);
		});
	}

	it('spec-driven cap: the condition is set, the Deployment looked at once more, and nothing else written', async () => {
		const server = stdioServer({ replicas: 3, sessionStorage: REDIS });
		const stage = createStage(server, { deployment: deployment(server) });
		expect(await stage.pass()).to.equal(3_000);
		stage.nowMs = 3_000;
		expect(await stage.pass()).to.equal(2_000);
		expect(await stage.pass()).to.equal(undefined);
		expect(stage.writes).to.deep.equal(['status']);
		expect(stage.events).to.have.length(1);
	});

	it('one who scales it up again and again is held at 1 each time', async () => {
		const server = stdioServer();
		const stage = createStage(server);
		for (let turn = 0; turn < 10; turn += 1) {
			stage.deployment = deployment(server, { replicas: 4 });
			await stage.pass();
			expect(replicasOf(stage)).to.equal(1);
		}
	});

	it('sse that becomes stdio with live 3 becomes 1', async () => {
		const server = mcpServer({ replicas: 3, sessionStorage: REDIS });
		const stage = createStage(server, { deployment: deployment(server, { replicas: 3 }, {}, noted('3')) });
		await stage.settle();
		edit(stage, { transport: 'stdio' });
		await stage.settle();
		expect(replicasOf(stage)).to.equal(1);
		await staysQuiet(stage);
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

	it('configuration, password and checksum in one write each: pods roll once', async () => {
		const server = mcpServer(asked);
		const stage = createStage(server, {
			deployment: withChecksum(deployment(server), 'from-the-operator'),
			configMap: configMap(server, text),
		});
		await stage.settle();
		expect(stage.writes).to.deep.equal(['ConfigMap', 'Deployment']);
		expect(configText(stage.configMap as Json)).to.contain('"backend_replicas": 2');
		const template = asTree(stage.deployment as Json)['spec']?.['template'];
		const checksum = (annotationsOf(stage.configMap) as Json)['toolhive.stacklok.dev/content-checksum'];
		expect(template?.['metadata']?.['annotations']).to.deep.equal({
			'toolhive.stacklok.dev/runconfig-checksum': checksum,
		});
		expect(template?.['spec']?.['containers']?.['0']?.['env']).to.deep.include(PASSWORD_ENTRY);
		await staysQuiet(stage);
	});

	it('configuration and password are missing › written after 10 s, not before', async () => {
		const server = mcpServer(asked);
		const stage = createStage(server, { deployment: deployment(server), configMap: configMap(server, text) });
		for (stage.nowMs = 0; stage.nowMs < 10_000; stage.nowMs += 3_333) await stage.pass();
		expect(stage.writes).to.deep.equal([]);
		stage.nowMs = 10_000;
		await stage.pass();
		expect(stage.writes).to.deep.equal(['ConfigMap', 'Deployment']);
	});

	it('another client corrects them within 10 s › the next wrong ones wait for 10 s again', async () => {
		const server = mcpServer(asked);
		const wrong = { deployment: deployment(server), configMap: configMap(server, text) };
		const stage = createStage(server, wrong);
		await stage.settle();
		const { deployment: rightDeployment, configMap: rightConfigMap } = stage;
		const later = createStage(server, wrong);
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

	it('a template that never had a checksum gets none', async () => {
		const server = mcpServer({ backendReplicas: 2 });
		const stage = createStage(server, { deployment: deployment(server), configMap: configMap(server, text) });
		await stage.settle();
		expect(stage.writes).to.deep.equal(['ConfigMap']);
	});

	it('pods wait for their turn, counts do not', async () => {
		const server = mcpServer({ replicas: 3, ...asked });
		const options = { deployment: deployment(server), rolloutWaitMs: 3_000 };
		const stage = createStage(server, options);
		await stage.pass();
		stage.nowMs = 10_000;
		expect(await stage.pass()).to.equal(3_000);
		expect(replicasOf(stage)).to.equal(3);
		expect(stage.reconciler.waitingRollouts()).to.equal(1);
		expect(JSON.stringify(stage.deployment)).not.to.contain('THV_SESSION_REDIS_PASSWORD');
		options.rolloutWaitMs = 0;
		await stage.pass();
		expect(stage.reconciler.waitingRollouts()).to.equal(0);
	});

	it('a server whose pods wait for their turn is deleted › it is not counted any more', async () => {
		const server = mcpServer(asked);
		const stage = createStage(server, { deployment: deployment(server), rolloutWaitMs: 3_000 });
		for (stage.nowMs = 0; stage.nowMs <= 10_000; stage.nowMs += 10_000) await stage.pass();
		expect(stage.reconciler.waitingRollouts()).to.equal(1);
		stage.server = undefined;
		await stage.pass();
		expect(stage.reconciler.waitingRollouts()).to.equal(0);
	});

	for (const part of ['configMap', 'deployment'] as const) {
		it(`one who keeps reverting us is told of, and tried less and less often: ${part}`, async () => {
			const server = mcpServer(asked);
			const reverted = { configMap: configMap(server, text), deployment: deployment(server) }[part];
			const stage = createStage(server, { [part]: reverted });
			const times: number[] = [];
			while (stage.nowMs < 3_600_000) {
				const writes = stage.writes.length;
				const delayMs = await stage.pass();
				if (stage.writes.length > writes) {
					times.push(stage.nowMs);
					stage[part] = reverted;
				}
				stage.nowMs += delayMs ?? 1_000;
			}
			expect(times.length).to.be.within(6, 12);
			const reasons = stage.events.map((event) => event.split(':')[0]);
			expect(reasons.slice(0, 3)).to.deep.equal(Array(3).fill('ScalingBackfilled'));
			expect(new Set(reasons.slice(3))).to.deep.equal(new Set(['ScalingReverted']));
		});
	}

	it('a server created again under the name of one whose objects were reverted › both are written after 10 s', async () => {
		const stage = createStage(mcpServer(asked));
		const restore = (server: Json): void => {
			stage.server = server;
			stage.deployment = deployment(server);
			stage.configMap = configMap(server, text);
		};
		for (let turn = 0; turn < 6; turn += 1) {
			restore(mcpServer(asked));
			await stage.settle();
		}
		const beforeMs = stage.nowMs;
		restore(mcpServer(asked, { uid: 'another' }));
		await stage.settle();
		expect(stage.nowMs - beforeMs).to.equal(10_000);
		expect(stage.writes.slice(-2)).to.deep.equal(['ConfigMap', 'Deployment']);
	});

	it('a conflict is no failure, and begins no new wait', async () => {
		const server = mcpServer({ replicas: 3, sessionStorage: REDIS });
		const stage = createStage(server, { deployment: deployment(server) });
		for (const nowMs of [0, 3_000]) {
			stage.nowMs = nowMs;
			await stage.pass();
		}
		stage.nowMs = 10_000;
		stage.conflicts = 1;
		expect(await stage.pass()).to.equal(500);
		stage.nowMs += 500;
		await stage.pass();
		expect(replicasOf(stage)).to.equal(3);
	});

	it('of two servers that own one Deployment only the first rules', async () => {
		const server = mcpServer({ replicas: 3, sessionStorage: REDIS });
		const other = { ...server, kind: 'MCPRemoteProxy' };
		const both = { ownerReferences: [ownedBy(other), ownedBy(server)].map((one) => ({ ...one, controller: false })) };
		const stage = createStage(server, { deployment: deployment(server, {}, {}, both) });
		await stage.settle();
		expect(replicasOf(stage)).to.equal(1);
	});

	it('what is somebody else’s stays: another uid, another owner, being deleted', async () => {
		const server = stdioServer(asked);
		const other = stdioServer(asked, { uid: 'another' });
		const stage = createStage(server, {
			deployment: deployment(other, { replicas: 4 }),
			configMap: configMap(other, text),
		});
		await stage.settle();
		stage.deployment = deployment(server, { replicas: 4 }, {}, { deletionTimestamp: '2026-01-01T00:00:00Z' });
		await stage.settle();
		stage.server = stdioServer(asked, { deletionTimestamp: '2026-01-01T00:00:00Z' });
		await stage.settle();
		stage.server = undefined;
		await stage.settle();
		expect(stage.writes).to.deep.equal([]);
	});
});

describe('reconcile: status', () => {
	it('is read, changed and written again until nobody was quicker', async () => {
		const stage = createStage(mcpServer({ replicas: 2 }));
		stage.conflicts = 5;
		await stage.settle();
		expect(stage.writes).to.deep.equal(['status']);
	});

	it('an Event comes with a condition that turns True, not with each write of it', async () => {
		const ready = { conditions: [{ type: 'Ready', status: 'True', reason: 'Ready' }] };
		const stage = createStage({ ...mcpServer({ replicas: 2 }, { generation: 1 }), status: ready });
		await stage.settle();
		edit(stage, { replicas: 3 });
		stage.server = {
			...(stage.server as Json),
			metadata: { ...asTree(stage.server as Json)['metadata'], generation: 2 },
		};
		await stage.settle();
		expect(stage.writes).to.deep.equal(['status', 'status']);
		expect(stage.events.map((event) => event.split(':')[0])).to.deep.equal(['SessionStorageMissing']);
	});

	it('an operator that writes the same conditions within 3 s leaves nothing to write', async () => {
		const stage = createStage(mcpServer({ replicas: 2 }));
		expect(await stage.pass()).to.equal(3_000);
		const theirs = { type: 'SessionStorageWarning', status: 'True', reason: 'SessionStorageMissingForReplicas' };
		stage.server = { ...(stage.server as Json), status: { conditions: [theirs] } };
		await stage.settle();
		expect(stage.writes).to.deep.equal([]);
	});

	for (const [change, metadata] of Object.entries({
		changed: { generation: 2 },
		'created again': { uid: 'another' },
	})) {
		it(`the server is ${change} within 3 s › written 3 s after that`, async () => {
			const stage = createStage(mcpServer({ replicas: 2 }));
			await stage.pass();
			stage.nowMs = 2_000;
			stage.server = mcpServer({ replicas: 2 }, metadata);
			expect(await stage.pass()).to.equal(3_000);
			stage.nowMs = 5_000;
			await stage.pass();
			expect(stage.writes).to.deep.equal(['status']);
		});
	}

	it('other people’s conditions may change as often as they like', async () => {
		const stage = createStage(mcpServer({ replicas: 2 }));
		while (stage.nowMs < 10_000) {
			const theirs = { type: 'Ready', status: 'False', reason: 'Crashing', message: `at ${stage.nowMs}` };
			if (stage.writes.length === 0) stage.server = { ...(stage.server as Json), status: { conditions: [theirs] } };
			await stage.pass();
			stage.nowMs += 1_000;
		}
		expect(stage.writes).to.deep.equal(['status']);
	});

	for (const unreadable of ['Deployment', 'ConfigMap'] as const) {
		it(`is written › the ${unreadable} cannot be read › the pass fails all the same`, async () => {
			const stage = createStage(mcpServer({ replicas: 2 }), { unreadable });
			const messageOf = (): Promise<unknown> => stage.pass().catch((error: Error) => error.message);
			expect(await messageOf()).to.equal(`${unreadable} is forbidden`);
			stage.nowMs = 3_000;
			expect(await messageOf()).to.equal(`${unreadable} is forbidden`);
			expect(stage.writes).to.deep.equal(['status']);
			expect(asTree(stage.server as Json)['status']?.['conditions']?.['0']).to.include({
				type: 'SessionStorageWarning',
				status: 'True',
			});
		});
	}

	it('that cannot be read fails the pass and is left as it is; the cap is enforced all the same', async () => {
		const server = { ...stdioServer({ replicas: 2 }), status: { conditions: 'none' } };
		const stage = createStage(server, { deployment: deployment(server, { replicas: 4 }) });
		let message = '';
		await stage.pass().catch((error: Error) => {
			message = error.message;
		});
		expect(message).to.contain('status.conditions is not a list');
		expect(stage.server).to.equal(server);
		expect(replicasOf(stage)).to.equal(1);
	});
});
