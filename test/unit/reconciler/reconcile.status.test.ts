/** Tests the conditions of a server: when they are written, and how often. */
import { expect } from 'chai';
import type { Json } from '../../../src/api/types.ts';
import { asTree, deployment, mcpServer, stdioServer } from '../../harness/objects.ts';
import { conditionsOf, createHarness, reasonsOf, replicasOf, withConditions } from './harness.ts';

const MISSING = { type: 'SessionStorageWarning', status: 'True', reason: 'SessionStorageMissingForReplicas' };
const READY = { type: 'Ready', status: 'True', reason: 'Ready' };

describe('reconcile › status', () => {
	it('a condition is written for two generations › one Event, when it turned True', async () => {
		const harness = createHarness(withConditions(mcpServer({ replicas: 2 }, { generation: 1 }), READY));
		await harness.settle();
		harness.server = { ...harness.server, ...mcpServer({ replicas: 3 }, { generation: 2 }) };
		await harness.settle();
		expect(harness.writes).to.deep.equal(['status', 'status']);
		expect(reasonsOf(harness)).to.deep.equal(['SessionStorageMissing']);
	});

	it('the operator writes the same conditions within 3 s › no write; it removes them › 3 s again', async () => {
		const harness = createHarness(mcpServer({ replicas: 2 }));
		expect(await harness.pass()).to.equal(3_000);
		harness.server = withConditions(harness.server, MISSING);
		await harness.settle();
		harness.nowMs = 60_000;
		harness.server = withConditions(harness.server);
		expect(await harness.pass()).to.equal(3_000);
		expect(harness.writes).to.deep.equal([]);
	});

	it('another client removes the condition each time, and no object contradicts it › written after 3 s each time', async () => {
		const harness = createHarness(mcpServer({ replicas: 2 }));
		for (let count = 1; count <= 6; count += 1) {
			harness.server = withConditions(harness.server);
			await harness.settle();
			expect([harness.nowMs, harness.writes.length]).to.deep.equal([count * 3_000, count]);
		}
	});

	it('the server changes within 3 s › written 3 s after that', async () => {
		const harness = createHarness(mcpServer({ replicas: 2 }));
		await harness.pass();
		harness.nowMs = 2_000;
		harness.server = mcpServer({ replicas: 2 }, { generation: 2 });
		await harness.settle();
		expect([harness.nowMs, harness.writes]).to.deep.equal([5_000, ['status']]);
	});

	it('other conditions change every second › the wanted conditions are written once, after 3 s', async () => {
		const harness = createHarness(mcpServer({ replicas: 2 }));
		for (harness.nowMs = 0; harness.writes.length === 0 && harness.nowMs < 10_000; harness.nowMs += 1_000) {
			harness.server = withConditions(harness.server, { ...READY, message: `at ${harness.nowMs}` });
			await harness.pass();
		}
		expect(harness.nowMs).to.equal(4_000);
		await harness.settle();
		expect(harness.writes).to.deep.equal(['status']);
	});

	it('the ConfigMap cannot be read › the conditions are written, and the reconcile fails', async () => {
		const harness = createHarness(mcpServer({ replicas: 2 }), {}, {}, 'get ConfigMap');
		for (harness.nowMs = 0; harness.nowMs <= 3_000; harness.nowMs += 3_000) {
			const message: unknown = await harness.pass().catch((error: Error) => error.message);
			expect(message).to.equal('get ConfigMap is forbidden');
		}
		expect(harness.writes).to.deep.equal(['status']);
		expect(conditionsOf(harness)[0]).to.include(MISSING);
	});

	it('status.conditions is not a list › the reconcile fails, and the cap is enforced', async () => {
		const server: Json = { ...stdioServer({ replicas: 2 }), status: { conditions: 'none' } };
		const harness = createHarness(server, { deployment: deployment(server, { replicas: 4 }) });
		const message: unknown = await harness.pass().catch((error: Error) => error.message);
		expect(message).to.contain('status.conditions is not a list');
		expect(asTree(harness.server ?? {})).to.deep.equal(server);
		expect(replicasOf(harness)).to.equal(1);
	});
});
