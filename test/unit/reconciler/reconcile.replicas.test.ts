/** Replica counts over several reconciles: what is written to the Deployment, when, and that it ends. */
import { expect } from 'chai';
import type { Json } from '../../../src/api/types.ts';
import { deployment, mcpServer, REDIS, stdioServer } from '../../harness/objects.ts';
import { annotated, annotationsOf, createHarness, type Harness, replicasOf } from './harness.ts';

type Step = (harness: Harness) => unknown;
const pass: Step = (harness) => harness.pass();
const settle: Step = (harness) => harness.settle();
const wait = (ms: number): Step => {
	return (harness) => {
		harness.nowMs += ms;
	};
};
const edit = (spec: Json): Step => {
	return (harness) => {
		harness.server = { ...harness.server, spec: { ...(harness.server?.['spec'] as Json), ...spec } };
	};
};
/** Another client writes the Deployment. */
const scale = (live: number, applied?: string): Step => {
	return (harness) => {
		harness.deployment = deployment(harness.server ?? {}, { replicas: live }, {}, annotated(applied));
	};
};
const recreate = (server: Json): Step => {
	return (harness) => {
		harness.server = server;
		harness.deployment = deployment(server);
	};
};
const sse = mcpServer({ replicas: 3, transport: 'sse' });
const three = { replicas: 3, sessionStorage: REDIS };
const seven = [2, 3, 4, 5, 6, 7, 8];

/** Steps, with live and applied replicas in the beginning; each write of the Deployment; the time until nothing is pending. */
const ROWS: readonly (readonly [string, Json, readonly [number, string?], readonly Step[], string[], number])[] = [
	['unset, 1 live › no write', mcpServer(), [1], [], [], 0],
	['removed › the count stays, the annotation is removed', mcpServer(), [4, '4'], [], ['4 applied unset'], 0],
	['the operator applies them after 8 s › no write', mcpServer(three), [1], [pass, wait(8_000), scale(3)], [], 8_000],
	[
		'changed after 9 s › the settle time begins again',
		mcpServer(three),
		[1],
		[pass, wait(9_000), pass, edit({ replicas: 4 })],
		['4 applied 4'],
		19_000,
	],
	['applied › scaled by another client › the count stays', mcpServer({ replicas: 4 }), [6, '4'], [], [], 3_000],
	[
		'seen with the count › scaled by another client › annotated after 10 s, and the next edit is applied',
		mcpServer({ replicas: 1 }),
		[1],
		[settle, scale(6), settle, edit(three)],
		['6 applied 1', '3 applied 3'],
		20_000,
	],
	[
		'seen with the count › scaled, and scaled back after 5 s › no write',
		mcpServer({ replicas: 1 }),
		[1],
		[settle, scale(6), pass, wait(5_000), scale(1)],
		[],
		5_000,
	],
	[
		'applied › another client restores a Deployment with an older count and annotation › applied again',
		mcpServer(three),
		[3, '3'],
		[settle, scale(1, '1')],
		['3 applied 3'],
		13_000,
	],
	[
		'a server created again under the same name › nothing is remembered of the former one',
		mcpServer(three),
		[3],
		[settle, recreate(mcpServer(three, { uid: 'another' }))],
		['3 applied 3'],
		13_000,
	],
	[
		'seven edits in a row › each is applied after 10 s, without backoff',
		mcpServer({ ...three, replicas: 1 }),
		[1],
		[settle, ...seven.flatMap((replicas) => [edit({ replicas }), settle])],
		seven.map((count) => `${count} applied ${count}`),
		70_000,
	],
	['stdio, 0 live › no write', stdioServer(), [0], [], [], 0],
	['stdio, 1 live › no write', stdioServer(), [1], [], [], 0],
	[
		'stdio, 0 applied › scaled to 3 by another client › capped at 1',
		stdioServer({ replicas: 0 }),
		[3, '0'],
		[],
		['1 applied 0'],
		2_000,
	],
	[
		'stdio › scaled up 10 times › 1 each time, without backoff',
		stdioServer(),
		[1],
		Array.from({ length: 10 }, () => [scale(4), pass]).flat(),
		Array(10).fill('1 applied unset'),
		0,
	],
	[
		'stdio, 3 pending › becomes sse › applied',
		stdioServer({ replicas: 3 }),
		[1],
		[settle, edit({ transport: 'sse' })],
		['3 applied 3'],
		15_000,
	],
	[
		'sse, 3 applied › becomes stdio › 1',
		mcpServer(three),
		[3, '3'],
		[settle, edit({ transport: 'stdio' })],
		['1 applied 1'],
		8_000,
	],
	[
		'sse, 3 applied › stdio for a moment › 3 again',
		sse,
		[3, '3'],
		[settle, edit({ transport: 'stdio' }), pass, edit({ transport: 'sse' })],
		['1 applied 1', '3 applied 3'],
		13_000,
	],
	[
		'sse, 3 applied › stdio with 0 › 1 at once, then 0',
		sse,
		[3, '3'],
		[edit({ transport: 'stdio', replicas: 0 })],
		['1 applied 1', '0 applied 0'],
		10_000,
	],
];

describe('reconcile › replicas', () => {
	for (const [title, server, [live, applied], steps, counts, ms] of ROWS) {
		it(title, async () => {
			const harness = createHarness(server, {
				deployment: deployment(server, { replicas: live }, {}, annotated(applied)),
			});
			for (const step of [...steps, settle]) await step(harness);
			expect({ counts: harness.counts, ms: harness.nowMs }).to.deep.equal({ counts, ms });
			const writes = harness.writes.length;
			harness.nowMs += 3_600_000;
			expect(await harness.pass(), 'an hour later').to.equal(undefined);
			expect(harness.writes.length).to.equal(writes);
		});
	}

	it('pending for 10 s › applied once, with annotation and Event', async () => {
		const server = mcpServer({ replicas: 3 });
		const harness = createHarness(server, { deployment: deployment(server) });
		await harness.pass();
		harness.nowMs = 9_999;
		expect(await harness.pass()).to.equal(1);
		expect(replicasOf(harness)).to.equal(1);
		await harness.settle();
		expect(harness.counts).to.deep.equal(['3 applied 3']);
		expect(harness.events).to.include('ReplicasApplied: 3 replicas written to the Deployment');
	});

	it('only the annotation is written › no Event', async () => {
		const server = mcpServer({ replicas: 1 });
		const harness = createHarness(server, { deployment: deployment(server) });
		for (const step of [settle, scale(6), settle]) await step(harness);
		expect([harness.counts, harness.events]).to.deep.equal([['6 applied 1'], []]);
	});

	it('stdio, 4 live › 1 at once with an Event, and requeued', async () => {
		const server = stdioServer();
		const harness = createHarness(server, { deployment: deployment(server, { replicas: 4 }) });
		expect(await harness.pass()).to.equal(2_000);
		expect(replicasOf(harness)).to.equal(1);
		expect(annotationsOf(harness.deployment)).to.deep.equal({});
		expect(harness.events).to.deep.equal(['StdioReplicaCapped: scaled back from 4 to 1: stdio']);
		expect(await harness.pass()).to.equal(undefined);
	});

	it('stdio, replicas 3, 1 live › the condition is set, requeued once, no other write', async () => {
		const server = stdioServer(three);
		const harness = createHarness(server, { deployment: deployment(server) });
		expect(await harness.pass()).to.equal(3_000);
		harness.nowMs = 3_000;
		expect(await harness.pass()).to.equal(2_000);
		expect(await harness.pass()).to.equal(undefined);
		expect([harness.writes, harness.events.length]).to.deep.equal([['status'], 1]);
	});
});
