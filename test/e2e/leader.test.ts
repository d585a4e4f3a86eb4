/**
 * Two replicas on a real API server: only the leader writes. When the leader stops, the other replica takes over soon,
 * and the two never write at the same time.
 */
import { expect } from 'chai';
import { needControlPlane } from '../harness/control-plane/mocha.ts';
import { eventually } from '../harness/eventually.ts';
import { metricOf } from '../harness/metrics.ts';
import { serverManifest, useNamespace } from '../harness/namespace.ts';
import { type Product, startProduct } from '../harness/product.ts';

/** A Lease lasts 15 s; the remaining time allows for one retry and a busy machine. */
const TAKE_OVER_MS = 30_000;
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
	const reconciled = async (name: string, withinMs?: number): Promise<void> => {
		await namespace.create(serverManifest('MCPServer', name, { transport: 'sse', replicas: 2 }));
		await eventually(async () => {
			expect((await namespace.get('mcpserver', name))['status']?.conditions ?? []).to.have.length(1);
		}, withinMs);
	};

	it('two replicas › only one replica writes', async () => {
		for (const name of ['one', 'two', 'three']) await reconciled(name);
		expect(await writesOf(first)).to.be.at.least(3);
		expect([await isLeading(second), await writesOf(second)]).to.deep.equal([0, 0]);
	});

	it('SIGSTOP to the leader › the other replica takes over; SIGCONT › the first replica writes nothing more', async () => {
		const before = await writesOf(first);
		first.process.kill('SIGSTOP');
		await reconciled('stopped', TAKE_OVER_MS);
		first.process.kill('SIGCONT');
		await eventually(async () => expect(await isLeading(first)).to.equal(0));
		expect(await writesOf(first)).to.equal(before);
	});

	it('SIGTERM to the leader › it keeps the Lease until it has drained, then the other replica leads immediately', async () => {
		const startedMs = performance.now();
		second.process.kill('SIGTERM');
		await leads(first);
		// The other replica leads before the Lease would expire.
		expect(performance.now() - startedMs).to.be.within(DRAIN_MS, DRAIN_MS + 9_000);
	});
});
