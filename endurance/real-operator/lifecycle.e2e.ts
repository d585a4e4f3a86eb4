/** Stopped, started again, and gone for good: none of it is to be seen on what the operator keeps. */
import { expect } from 'chai';
import { metricOf } from '../../test/harness/metrics.ts';
import type { Product } from '../../test/harness/product.ts';
import { arrive } from './arrival.ts';
import { tally } from './audit.ts';
import { OPERATOR_VERSION } from './build.ts';
import { useStage } from './harness.ts';
import { changesBetween, type Snapshot, settled, watchStillness } from './idle.ts';

const NAMESPACE = 'steady';

describe(`coming and going beside ToolHive ${OPERATOR_VERSION}`, function () {
	this.timeout(600_000);
	const stage = useStage();
	let product: Product;
	let steady: Snapshot;

	before('servers', async function () {
		this.timeout(600_000);
		product = await stage.startProduct();
		await stage.applyExamples(NAMESPACE);
		steady = await settled(stage, [NAMESPACE]);
	});

	const unchanged = async (since: number): Promise<void> => {
		expect(changesBetween(steady, await settled(stage, [NAMESPACE]))).to.deep.equal([]);
		expect(stage.writesOf('product', since)).to.deep.equal([]);
	};

	it('the product stopped and started again: zero writes', async () => {
		const since = stage.writeCount();
		expect(await product.stop()).to.equal(0);
		product = await arrive(stage);
		await unchanged(since);
		expect(await metricOf(product, 'thv_scaling_reconciler_writes_total')).to.equal(0);
	});

	it('the operator started again beside us: zero writes of ours', async () => {
		const since = stage.writeCount();
		await stage.restartOperator();
		await unchanged(since);
	});

	it('the product gone for good: the operator is content with what is there', async () => {
		await product.stop();
		const gone = await watchStillness(stage, [NAMESPACE]);
		expect(gone.changes).to.deep.equal([]);
		expect(tally(gone.operatorWrites.filter(({ isChange }) => isChange))).to.deep.equal({});
		expect(tally(gone.operatorWrites.filter(({ resource }) => !resource.endsWith('/status')))).to.deep.equal({});
		await stage.restartOperator();
		expect(changesBetween(steady, await settled(stage, [NAMESPACE]))).to.deep.equal([]);
	});
});
