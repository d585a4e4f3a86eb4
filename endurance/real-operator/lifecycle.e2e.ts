/**
 * Starts, restarts and stops the product beside a running operator, with settings for which both might write different
 * values. endurance/matrix/cell.e2e.ts tests the ordinary settings.
 */
import { expect } from 'chai';
import { metricOf } from '../../test/harness/metrics.ts';
import { mustSucceed, type Product } from '../../test/harness/product.ts';
import { tally } from './audit.ts';
import { OPERATOR_VERSION } from './build.ts';
import { useHarness } from './harness.ts';
import { changesBetween, QUIET_MS, type Snapshot, settled } from './idle.ts';
import { EXAMPLES } from './servers.ts';

const DEFAULT_REDIS = {
	TOOLHIVE_DEFAULT_REDIS_ADDR: 'shared-redis.mcp.svc:6379',
	TOOLHIVE_DEFAULT_REDIS_SECRET_NAME: 'shared-redis',
};
const FLAGS = ['--grace-period-seconds=60', '--rollouts-per-minute=10000'];
const NAMES = EXAMPLES.map(({ name }) => name);

describe(`ToolHive ${OPERATOR_VERSION} with a default Redis`, function () {
	this.timeout(600_000);
	const harness = useHarness({ environment: DEFAULT_REDIS });
	let product: Product;
	let steady: Snapshot;

	before('servers', async function () {
		this.timeout(600_000);
		await harness.applyExamples('early');
		steady = (await settled(harness, ['early'])).objects;
	});

	const expectUnchanged = async (): Promise<void> => {
		expect(changesBetween(steady, (await settled(harness, ['early'])).objects)).to.deep.equal([]);
	};
	const expectDefaultRedis = async (namespace: string): Promise<void> => {
		const { data } = await harness.get(namespace, 'configmap', 'plain-runconfig');
		expect(data['runconfig.json']).to.contain(DEFAULT_REDIS.TOOLHIVE_DEFAULT_REDIS_ADDR);
	};

	it('existing and new servers › the product writes nothing, and keeps the default Redis', async () => {
		product = await harness.startProduct(FLAGS);
		await expectUnchanged();
		expect(await metricOf(product, 'thv_scaling_reconcile_total')).to.be.at.least(EXAMPLES.length);
		await harness.applyExamples('late');
		await settled(harness, ['late']);
		for (const namespace of ['early', 'late']) await expectDefaultRedis(namespace);
		expect(tally(harness.writesOf('product'))).to.deep.equal({});
	});

	it('proxies restart › shutdown settings are added with the same rollout, and the operator keeps them', async () => {
		await mustSucceed(harness.plane().kubectl(['-n', 'early', 'rollout', 'restart', 'deployment', ...NAMES]));
		steady = (await settled(harness, ['early'])).objects;
		for (const name of NAMES) {
			const { spec, metadata } = await harness.get('early', 'deployment', name);
			const pod = spec.template.spec;
			expect(pod.terminationGracePeriodSeconds).to.equal(name === 'patient' ? 90 : 60);
			expect(pod.containers[0].lifecycle).to.deep.equal({ preStop: { sleep: { seconds: 5 } } });
			expect(metadata.generation).to.equal(2);
		}
		expect(tally(harness.writesOf('product'))).to.deep.equal({});
	});

	it('product and operator restart › no object changes, and the product writes nothing', async () => {
		expect(await product.stop()).to.equal(0);
		product = await harness.startProduct(FLAGS);
		await harness.restartOperator();
		await expectUnchanged();
		expect(tally(harness.writesOf('product'))).to.deep.equal({});
	});

	it('the product is uninstalled › the operator changes nothing, even after a restart', async () => {
		await product.stop();
		const { objects, since } = await settled(harness, ['early'], QUIET_MS);
		expect(changesBetween(steady, objects)).to.deep.equal([]);
		const writes = harness.writesOf('operator', since).filter(({ resource }) => !resource.endsWith('/status'));
		expect(tally(writes)).to.deep.equal({});
		await harness.restartOperator();
		await expectUnchanged();
	});
});
