/**
 * Webhooks, reconciler and an operator without support for scaling: every change is applied and stays, and the writes
 * stop.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { eventually } from '../harness/eventually.ts';
import { metricOf } from '../harness/metrics.ts';
import { serverManifest } from '../harness/namespace.ts';
import { startOldOperator } from '../harness/old-operator/start.ts';
import { mustSucceed } from '../harness/product.ts';
import { useProduct } from '../harness/use-product.ts';

const WRITES = 'thv_scaling_reconciler_writes_total';
/** Longer than the settle time, and longer than the reconciler needs to read its own writes. */
const IDLE_MS = 4_000;

describe('convergence with an old operator on a real API server', function () {
	this.timeout(120_000);
	const { namespace, plane, product } = useProduct('converges', {
		flags: ['--settle-seconds=1', '--rollouts-per-minute=600'],
	});
	let stopOperator: () => Promise<void>;
	before(() => {
		stopOperator = startOldOperator(plane(), namespace.name, { pauseMs: 200 });
	});
	after(() => stopOperator());

	const replicasAre = (name: string, expected: number): Promise<void> =>
		eventually(async () => expect((await namespace.get('deployment', name))['spec'].replicas).to.equal(expected));
	const create = (name: string, spec: object) => namespace.create(serverManifest('MCPServer', name, spec, 'v1alpha1'));
	const edit = (name: string, spec: object) =>
		mustSucceed(namespace.kubectl(['patch', 'mcpserver', name, '--type=merge', '-p', JSON.stringify({ spec })]));

	it('unset to 3 › applied; stdio with 3 › not applied; sse to stdio › 1', async () => {
		await create('plain', { transport: 'sse' });
		await create('files', { transport: 'stdio', replicas: 3 });
		await replicasAre('plain', 1);
		await edit('plain', { replicas: 3 });
		await replicasAre('plain', 3);
		await eventually(async () => {
			const { conditions } = (await namespace.get('mcpserver', 'plain'))['status'];
			const types = conditions.map(({ type }: { type: string }) => type);
			expect(types, 'those of both').to.include.members(['ImageValidated', 'SessionStorageWarning']);
		});
		await replicasAre('files', 1);
		await edit('plain', { transport: 'stdio' });
		await replicasAre('plain', 1);
	});

	it('a stdio Deployment is scaled without webhooks › 1 again', async () => {
		await product().deleteWebhooks();
		// The API server reads the deletion a moment later.
		await eventually(async () => {
			const patch = ['--subresource=scale', '--type=merge', '-p', '{"spec":{"replicas":4}}'];
			const args = ['patch', 'deployment', 'files', ...patch, '-o', 'jsonpath={.spec.replicas}'];
			expect((await namespace.kubectl(args)).stdout).to.equal('4');
		});
		await replicasAre('files', 1);
		await product().applyWebhooks();
	});

	it('no more changes › the writes stop', async () => {
		let before = -1;
		// The metric also counts writes for servers that other suites left in the cluster.
		await eventually(async () => {
			const last = before;
			before = await metricOf(product(), WRITES);
			await sleep(IDLE_MS / 4);
			expect(before).to.equal(last);
		}, 60_000);
		const versions = async (): Promise<string[]> => {
			const kinds = 'mcpservers,virtualmcpservers,deployments,configmaps';
			const { stdout } = await mustSucceed(namespace.kubectl(['get', kinds, '-o', 'json']));
			const { items } = JSON.parse(stdout) as { items: { metadata: { name: string; resourceVersion: string } }[] };
			return items.map(({ metadata }) => `${metadata.name} ${metadata.resourceVersion}`);
		};
		// In a cluster with controllers, the status of a Deployment may still change once.
		await eventually(async () => {
			const versionsBefore = await versions();
			await sleep(IDLE_MS);
			expect(await versions()).to.deep.equal(versionsBefore);
		}, 60_000);
		expect(await metricOf(product(), WRITES)).to.equal(before);
	});
});
