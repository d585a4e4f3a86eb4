/** Two replicas on a real API server: one writes, and when it is gone the other does, soon and not twice. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { needControlPlane } from '../harness/control-plane/mocha.ts';
import { eventually } from '../harness/eventually.ts';
import { metricOf } from '../harness/metrics.ts';
import { serverManifest, useNamespace } from '../harness/namespace.ts';
import { mustSucceed, type Product, startProduct } from '../harness/product.ts';

/** A Lease lasts 15 s; the rest is for one retry and a busy machine. */
const TAKE_OVER_MS = 20_000;
/** Long enough to look at the Lease meanwhile, also on a busy machine. */
const DRAIN_SECONDS = 6;
const HOLDER = ['get', 'lease', 'toolhive-scaling', '-n', 'toolhive-scaling', '-o', 'jsonpath={.spec.holderIdentity}'];

describe('leader election on a real API server', function () {
	this.timeout(120_000);
	const plane = needControlPlane();
	let first: Product;
	let second: Product;
	before(async () => {
		const options = { isRegistered: false, flags: ['--settle-seconds=1'] };
		first = await startProduct(plane(), options);
		await eventually(async () => expect(await metricOf(first, 'thv_scaling_leader')).to.equal(1));
		second = await startProduct(plane(), options);
	});
	after(async () => {
		await first.stop();
		await second.stop();
	});
	const namespace = useNamespace(plane, 'led');

	const isConditionSet = async (name: string): Promise<boolean> =>
		((await namespace.get('mcpserver', name))['status']?.conditions ?? []).length > 0;
	const make = (name: string) => namespace.create(serverManifest('MCPServer', name, { transport: 'sse', replicas: 2 }));
	const writesOf = (product: Product): Promise<number> => metricOf(product, 'thv_scaling_reconciler_writes_total');

	it('only one of them writes', async () => {
		for (let index = 0; index < 5; index += 1) await make(`first-${index}`);
		await eventually(async () => expect(await isConditionSet('first-4')).to.equal(true));
		expect(await writesOf(first)).to.equal(5);
		expect(await writesOf(second)).to.equal(0);
		expect(await metricOf(second, 'thv_scaling_leader')).to.equal(0);
	});

	it('SIGSTOP: the other takes over; woken up, the first does nothing more and campaigns again', async () => {
		first.process.kill('SIGSTOP');
		await make('stopped');
		const startedMs = performance.now();
		await eventually(async () => expect(await isConditionSet('stopped')).to.equal(true), TAKE_OVER_MS);
		expect(performance.now() - startedMs).to.be.lessThan(TAKE_OVER_MS);
		first.process.kill('SIGCONT');
		await sleep(3_000);
		expect(await metricOf(first, 'thv_scaling_leader')).to.equal(0);
		expect(await writesOf(first)).to.equal(5);
		expect(await writesOf(second)).to.equal(1);
	});

	it('SIGKILL: the other takes over', async () => {
		second.process.kill('SIGKILL');
		await make('killed');
		await eventually(async () => expect(await isConditionSet('killed')).to.equal(true), TAKE_OVER_MS);
		expect(await writesOf(first)).to.equal(6);
	});

	it('SIGTERM: the Lease is given up, and the next one starts at once', async () => {
		const flags = ['--settle-seconds=1', `--drain-seconds=${DRAIN_SECONDS}`];
		second = await startProduct(plane(), { isRegistered: false, flags });
		first.process.kill('SIGTERM');
		const startedMs = performance.now();
		await eventually(async () => expect(await metricOf(second, 'thv_scaling_leader')).to.equal(1), TAKE_OVER_MS);
		expect(performance.now() - startedMs).to.be.lessThan(8_000);
	});

	it('SIGTERM: a leader that drains keeps the Lease until it has drained', async () => {
		const holder = async (): Promise<string> =>
			(await mustSucceed(plane().kubectl(HOLDER, { user: 'admin' }))).stdout.trim();
		const before = await holder();
		expect(before).not.to.equal('');
		second.process.kill('SIGTERM');
		await eventually(async () => expect(second.log().map(({ msg }) => msg)).to.include('draining'));
		await sleep((DRAIN_SECONDS * 1_000) / 2);
		expect(await holder()).to.equal(before);
		await eventually(async () => expect(await holder()).to.equal(''), TAKE_OVER_MS);
	});
});
