/**
 * Tests replica counts over several reconciles: which writes the reconciler makes to the Deployment, when it makes
 * them, and that it stops.
 */
import { expect } from 'chai';
import type { Json } from '../../../src/api/types.ts';
import { deployment, mcpServer, REDIS, stdioServer } from '../../harness/objects.ts';
import { annotated, annotationsOf, createHarness, type Harness, replicasOf } from './harness.ts';

const edit = (harness: Harness, spec: Json): void => {
	harness.server = { ...harness.server, spec: { ...(harness.server?.['spec'] as Json), ...spec } };
};
/** `count` contains the live and the applied replicas, such as `3/3`, or `3/-` without the annotation. */
const liveDeployment = (server: Json, count: string): Json => {
	const [live, applied] = count.split('/');
	return deployment(server, { replicas: Number(live) }, {}, annotated(applied === '-' ? undefined : applied));
};
const STEPS: Readonly<Record<string, (harness: Harness, argument: string) => unknown>> = {
	pass: (harness) => harness.pass(),
	settle: (harness) => harness.settle(),
	wait: (harness, ms) => Object.assign(harness, { nowMs: harness.nowMs + Number(ms) }),
	replicas: (harness, count) => edit(harness, { replicas: Number(count) }),
	transport: (harness, transport) => edit(harness, { transport }),
	/** Writes the Deployment as another client. */
	scale: (harness, count) => Object.assign(harness, { deployment: liveDeployment(harness.server ?? {}, count) }),
	recreate: (harness) => {
		const server = mcpServer(THREE, { uid: 'another' });
		Object.assign(harness, { server, deployment: liveDeployment(server, '1/-') });
	},
};

const THREE = { replicas: 3, sessionStorage: REDIS };
const one = mcpServer({ ...THREE, replicas: 1 });
const three = mcpServer(THREE);
const edits = (step: string): string => [...'2345678'].map((count) => step.replaceAll('N', count)).join(', ');
const repeat = (count: number, step: string): string => Array(count).fill(step).join(', ');

/**
 * A row has the live and applied replicas at the start, steps, each write to the Deployment, and the time after which
 * nothing is pending.
 */
const ROWS: readonly (readonly [string, Json, string, string, string, number])[] = [
	['unset › no write', mcpServer(), '1/-', '', '', 0],
	['removed › the count stays, the annotation is removed', mcpServer(), '4/4', '', '4/-', 0],
	['the operator applies them after 8 s › no write', three, '1/-', 'pass, wait 8000, scale 3/-', '', 8_000],
	['changed after 9 s › 10 s again', three, '1/-', 'pass, wait 9000, pass, replicas 4', '4/4', 19_000],
	['applied › scaled by another client › the count stays', mcpServer({ replicas: 4 }), '6/4', '', '', 3_000],
	// The annotation makes the next leader keep the count.
	['scaled › annotated; edited › applied', one, '1/-', 'settle, scale 6/-, settle, replicas 2', '6/1, 2/2', 20_000],
	['never changed › scaled for 5 s › no write', one, '1/-', 'settle, scale 6/-, pass, wait 5000, scale 1/-', '', 5_000],
	['applied › an older Deployment is restored › applied again', three, '3/3', 'settle, scale 1/1', '3/3', 13_000],
	['applied › a new server of that name › applied again', three, '3/-', 'settle, recreate', '3/3', 13_000],
	['edited seven times › applied each time after 10 s', one, '1/-', edits('replicas N, settle'), edits('N/N'), 70_000],
	['stdio, 0 applied › scaled by another client › 1', stdioServer({ replicas: 0 }), '3/0', '', '1/0', 2_000],
	['stdio › scaled 10 times › 1 at once', stdioServer(), '1/-', repeat(10, 'scale 4/-, pass'), repeat(10, '1/-'), 0],
	['stdio, 3 pending › sse › applied', stdioServer(THREE), '1/-', 'settle, transport sse', '3/3', 15_000],
	['3 applied › stdio › 1', three, '3/3', 'settle, transport stdio', '1/1', 8_000],
	['3 applied › stdio, sse › 3 again', three, '3/3', 'transport stdio, pass, transport sse', '1/1, 3/3', 10_000],
	['3 applied › stdio with 0 › 1 at once, then 0', three, '3/3', 'transport stdio, replicas 0', '1/1, 0/0', 10_000],
];

describe('reconcile › replicas', () => {
	for (const [title, server, before, steps, counts, ms] of ROWS) {
		it(title, async () => {
			const harness = createHarness(server, { deployment: liveDeployment(server, before) });
			for (const step of [...steps.split(', ').filter(Boolean), 'settle']) {
				const [name = '', argument = ''] = step.split(' ');
				const run = STEPS[name];
				if (run === undefined) throw new Error(`there is no step ${name}; there are ${Object.keys(STEPS).join(', ')}`);
				await run(harness, argument);
			}
			expect({ counts: harness.counts.join(', '), ms: harness.nowMs }).to.deep.equal({ counts, ms });
			const writes = harness.writes.length;
			harness.nowMs += 3_600_000;
			expect(await harness.pass(), 'an hour later').to.equal(undefined);
			expect(harness.writes.length).to.equal(writes);
		});
	}

	it('applied › an Event; then only the annotation is written › no Event', async () => {
		const harness = createHarness(three, { deployment: deployment(three) });
		await harness.settle();
		harness.deployment = liveDeployment(three, '6/-');
		await harness.settle();
		expect(harness.counts).to.deep.equal(['3/3', '6/3']);
		expect(harness.events).to.deep.equal(['ReplicasApplied: set spec.replicas of the Deployment to 3']);
	});

	it('a webhook reverts three writes completely › repeated, although no event follows; one Event', async () => {
		const harness = createHarness(three, { deployment: deployment(three) });
		harness.reverts = 3;
		await harness.settle();
		expect([harness.counts, harness.nowMs]).to.deep.equal([Array(4).fill('3/3'), 90_000]);
		expect(harness.events).to.deep.equal(['ReplicasApplied: set spec.replicas of the Deployment to 3']);
		edit(harness, { replicas: 4 });
		await harness.settle();
		edit(harness, { replicas: 3 });
		await harness.settle();
		expect(harness.nowMs, 'later changes wait for 10 s each').to.equal(110_000);
	});

	it('stdio, 4 live › 1 at once with an Event, and requeued once', async () => {
		const server = stdioServer();
		const harness = createHarness(server, { deployment: deployment(server, { replicas: 4 }) });
		expect(await harness.pass()).to.equal(2_000);
		expect([replicasOf(harness), annotationsOf(harness.deployment)]).to.deep.equal([1, {}]);
		expect(harness.events).to.deep.equal([
			'StdioReplicaCapped: scaled from 4 replicas to 1, the maximum for a stdio server',
		]);
		expect(await harness.pass()).to.equal(undefined);
	});

	it('stdio, replicas 3, 1 live › the condition is set, requeued once, no other write', async () => {
		const server = stdioServer(THREE);
		const harness = createHarness(server, { deployment: deployment(server) });
		expect(await harness.pass()).to.equal(3_000);
		harness.nowMs = 3_000;
		expect(await harness.pass()).to.equal(2_000);
		expect(await harness.pass()).to.equal(undefined);
		expect([harness.writes, harness.events.length]).to.deep.equal([['status'], 1]);
	});
});
