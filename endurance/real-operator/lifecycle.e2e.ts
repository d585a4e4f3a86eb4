/** Stops and restarts the product or the operator, and tests that no object that the operator keeps has changed. */
import { expect } from 'chai';
import { metricOf } from '../../test/harness/metrics.ts';
import { apply, type Product } from '../../test/harness/product.ts';
import { tally } from './audit.ts';
import { OPERATOR_VERSION } from './build.ts';
import { useHarness } from './harness.ts';
import { changesBetween, type Snapshot, settled, watchIdle } from './idle.ts';

const NAMESPACE = 'steady';

describe(`restarts with ToolHive ${OPERATOR_VERSION}`, function () {
	this.timeout(600_000);
	const harness = useHarness();
	let product: Product;
	let steady: Snapshot;

	before('servers', async function () {
		this.timeout(600_000);
		product = await harness.startProduct();
		await harness.applyExamples(NAMESPACE);
		steady = await settled(harness, [NAMESPACE]);
	});

	const unchanged = async (since: number): Promise<void> => {
		expect(changesBetween(steady, await settled(harness, [NAMESPACE]))).to.deep.equal([]);
		expect(harness.writesOf('product', since)).to.deep.equal([]);
	};

	it('the product › stops and starts › it writes nothing', async () => {
		const since = harness.writeCount();
		expect(await product.stop()).to.equal(0);
		product = await harness.startBesideExamples();
		await unchanged(since);
		expect(await metricOf(product, 'thv_scaling_reconciler_writes_total')).to.equal(0);
	});

	it('the operator › restarts while the product runs › the product writes nothing', async () => {
		const since = harness.writeCount();
		await harness.restartOperator();
		await unchanged(since);
	});

	it('a server that the operator does not reconcile › the product sets its condition once', async () => {
		const since = harness.writeCount();
		await apply(harness.plane(), [
			{
				apiVersion: 'toolhive.stacklok.dev/v1beta1',
				kind: 'VirtualMCPServer',
				metadata: { name: 'groupless', namespace: NAMESPACE },
				spec: { groupRef: { name: 'nowhere' }, incomingAuth: { type: 'anonymous' }, replicas: 2 },
			},
		]);
		steady = await settled(harness, [NAMESPACE]);
		const writes = harness.writesOf('product', since).filter(({ resource }) => resource !== 'events');
		expect(tally(writes)).to.deep.equal({ 'patch virtualmcpservers/status groupless': 1 });
	});

	it('the product › is uninstalled › the operator changes nothing', async () => {
		await product.stop();
		const alone = await watchIdle(harness, [NAMESPACE]);
		expect(alone.changes).to.deep.equal([]);
		expect(tally(alone.operatorWrites.filter(({ isChange }) => isChange))).to.deep.equal({});
		expect(tally(alone.operatorWrites.filter(({ resource }) => !resource.endsWith('/status')))).to.deep.equal({});
		await harness.restartOperator();
		expect(changesBetween(steady, await settled(harness, [NAMESPACE]))).to.deep.equal([]);
	});
});
