/** Tests settings with which the operator and the product might write different values. */
import { expect } from 'chai';
import { mustSucceed } from '../../test/harness/product.ts';
import { OPERATOR_VERSION } from './build.ts';
import { useHarness } from './harness.ts';
import { changesBetween, settled, snapshot, watchIdle } from './idle.ts';
import { EXAMPLES } from './servers.ts';

const DEFAULT_REDIS = {
	TOOLHIVE_DEFAULT_REDIS_ADDR: 'shared-redis.mcp.svc:6379',
	TOOLHIVE_DEFAULT_REDIS_SECRET_NAME: 'shared-redis',
};

/** Long enough for three reconciles of a server whose backend is missing. The matrix waits longer. */
const IDLE_SECONDS = 30;

describe(`ToolHive ${OPERATOR_VERSION} with a default Redis`, function () {
	this.timeout(600_000);
	const harness = useHarness({ environment: DEFAULT_REDIS });

	it('a server without Redis › the operator writes the default › the product keeps it and writes nothing', async () => {
		await harness.applyExamples('early');
		const before = await settled(harness, ['early']);
		const product = await harness.startBesideExamples();
		await harness.applyExamples('late');
		await settled(harness, ['late']);
		const { changes, productWrites, counted } = await watchIdle(harness, ['late'], product, IDLE_SECONDS);
		expect([changes, productWrites, counted]).to.deep.equal([[], [], 0]);
		expect(changesBetween(before, await snapshot(harness, ['early']))).to.deep.equal([]);
		expect(harness.writesOf('product')).to.deep.equal([]);
		const { data } = await harness.get('late', 'configmap', 'plain-runconfig');
		expect(data['runconfig.json']).to.contain('shared-redis.mcp.svc');
	});
});

describe(`settings of the product with ToolHive ${OPERATOR_VERSION}`, function () {
	this.timeout(600_000);
	const harness = useHarness();

	it('shutdown settings › proxies restart › they are added, and the operator keeps them', async () => {
		await harness.applyExamples('grace');
		const alone = await settled(harness, ['grace']);
		const since = harness.writeCount();
		const flags = ['--grace-period-seconds=60', '--rollouts-per-minute=10000'];
		const product = await harness.startBesideExamples({ flags });
		expect(changesBetween(alone, await settled(harness, ['grace']))).to.deep.equal([]);
		const names = EXAMPLES.map(({ name }) => name);
		await mustSucceed(harness.plane().kubectl(['-n', 'grace', 'rollout', 'restart', 'deployment', ...names]));
		await settled(harness, ['grace']);
		expect(harness.writesOf('product', since)).to.deep.equal([]);
		for (const name of names) {
			const { spec, metadata } = await harness.get('grace', 'deployment', name);
			const pod = spec.template.spec;
			expect(pod.terminationGracePeriodSeconds).to.equal(name === 'patient' ? 90 : 60);
			expect(pod.containers[0].lifecycle).to.deep.equal({ preStop: { sleep: { seconds: 5 } } });
			expect(metadata.generation).to.equal(2);
		}
		const { changes, productWrites } = await watchIdle(harness, ['grace'], product, IDLE_SECONDS);
		expect([changes, productWrites]).to.deep.equal([[], []]);

		const steady = await snapshot(harness, ['grace']);
		await harness.restartOperator();
		expect(changesBetween(steady, await settled(harness, ['grace']))).to.deep.equal([]);
		expect(await product.stop()).to.equal(0);
		await harness.restartOperator();
		expect(changesBetween(steady, await settled(harness, ['grace']))).to.deep.equal([]);
	});

	it('--password-env=pod › the operator already adds the password to the pods › the pods have it once', async () => {
		const since = harness.writeCount();
		await harness.startBesideExamples({
			overlay: 'manifests/overlays/pod-mode',
			flags: ['--password-env=pod', '--grace-period-seconds=60'],
		});
		await harness.applyExamples('pods');
		await settled(harness, ['pods']);
		const args = ['-n', 'pods', 'get', 'pods', '-l', 'toolhive-name=search', '-o', 'json'];
		const { stdout } = await harness.plane().kubectl(args);
		const pods = JSON.parse(stdout).items as { spec: { containers: { env: { name: string }[] }[] } }[];
		expect(pods).to.have.length(3);
		for (const { spec } of pods) {
			const names = spec.containers[0]?.env.map(({ name }) => name) ?? [];
			expect(names.filter((name) => name === 'THV_SESSION_REDIS_PASSWORD')).to.have.length(1);
		}
		expect(harness.writesOf('product', since)).to.deep.equal([]);
	});
});
