/**
 * Two replicas on a real API server: only the leader writes, and it keeps its Lease until it has drained. `make chaos`
 * also kills, stops and disconnects the leader.
 */
import { expect } from 'chai';
import { needControlPlane } from '../harness/control-plane/mocha.ts';
import { eventually } from '../harness/eventually.ts';
import { metricOf } from '../harness/metrics.ts';
import { serverManifest, useNamespace } from '../harness/namespace.ts';
import { type Product, startProduct } from '../harness/product.ts';

const DRAIN_MS = 3_000;
const FLAGS = ['--settle-seconds=1', `--drain-seconds=${DRAIN_MS / 1_000}`];

describe('leader election on a real API server', function () {
	this.timeout(120_000);
	const plane = needControlPlane();
	let first: Product;
	let second: Product;
	before(async () => {
		first = await startProduct(plane(), { hasWebhooks: false, flags: FLAGS });
		await leads(first);
		second = await startProduct(plane(), { hasWebhooks: false, flags: FLAGS });
	});
	after(async () => {
		await first.stop();
		await second.stop();
	});
	const namespace = useNamespace(plane, 'led');

	const isLeading = (product: Product): Promise<number> => metricOf(product, 'thv_scaling_leader');
	const leads = (product: Product) => eventually(async () => expect(await isLeading(product)).to.equal(1));
	const writesOf = (product: Product): Promise<number> => metricOf(product, 'thv_scaling_reconciler_writes_total');
	it('two replicas › only one replica writes', async () => {
		for (const name of ['one', 'two', 'three']) {
			await namespace.create(serverManifest('MCPServer', name, { transport: 'sse', replicas: 2 }));
			await eventually(async () => {
				expect((await namespace.get('mcpserver', name))['status']?.conditions ?? []).to.have.length(1);
			});
		}
		expect(await writesOf(first)).to.be.at.least(3);
		expect([await isLeading(second), await writesOf(second)]).to.deep.equal([0, 0]);
	});

	it('SIGTERM to the leader › it keeps the Lease until it has drained, then the other replica leads immediately', async () => {
		const startedMs = performance.now();
		first.process.kill('SIGTERM');
		await leads(second);
		// The other replica leads before the Lease would expire.
		expect(performance.now() - startedMs).to.be.within(DRAIN_MS, DRAIN_MS + 9_000);
	});
});
