/** Settings, theirs and ours, under which the two could want different things. */
import { expect } from 'chai';
import { mustSucceed } from '../../test/harness/product.ts';
import { arrive } from './arrival.ts';
import { tally } from './audit.ts';
import { OPERATOR_VERSION } from './build.ts';
import { type Stage, useStage } from './harness.ts';
import { changesBetween, settled, snapshot, watchStillness } from './idle.ts';
import { EXAMPLES } from './servers.ts';

const DEFAULT_REDIS = {
	TOOLHIVE_DEFAULT_REDIS_ADDR: 'shared-redis.mcp.svc:6379',
	TOOLHIVE_DEFAULT_REDIS_SECRET_NAME: 'shared-redis',
};

/** Three of the operator's rounds; the long look is in quiet.e2e.ts. */
const SHORT_SECONDS = 30;

/** Nothing to do on arrival, nothing after it, nothing for what is made later. */
async function stayOut(stage: Stage): Promise<void> {
	await stage.applyExamples('early');
	const before = await settled(stage, ['early']);
	const product = await arrive(stage);
	expect(changesBetween(before, await settled(stage, ['early']))).to.deep.equal([]);
	await stage.applyExamples('late');
	await settled(stage, ['early', 'late']);
	const { changes, productWrites, counted } = await watchStillness(stage, ['early', 'late'], product, SHORT_SECONDS);
	expect([changes, productWrites, counted]).to.deep.equal([[], [], 0]);
	expect(stage.writesOf('product')).to.deep.equal([]);
	const mutated = stage.writesOf('operator').filter(({ isMutated }) => isMutated);
	// Each new Deployment gets the shutdown settings.
	expect(tally(mutated)).to.deep.equal(
		Object.fromEntries(EXAMPLES.map(({ name }) => [`create deployments ${name}`, 1])),
	);
}

describe(`ToolHive ${OPERATOR_VERSION} with a default Redis of its own`, function () {
	this.timeout(600_000);
	const stage = useStage(DEFAULT_REDIS);

	it('what it gives to servers that ask for none stays', async () => {
		await stayOut(stage);
		const { data } = await stage.get('late', 'configmap', 'plain-runconfig');
		expect(data['runconfig.json']).to.contain('shared-redis.mcp.svc');
	});
});

describe(`our own settings beside ToolHive ${OPERATOR_VERSION}`, function () {
	this.timeout(600_000);
	const stage = useStage();

	it('shutdown settings come with a restart of the proxies, and the operator does not take them back', async () => {
		await stage.applyExamples('grace');
		const alone = await settled(stage, ['grace']);
		const since = stage.writeCount();
		const product = await arrive(stage, { flags: ['--grace-period-seconds=60', '--rollouts-per-minute=10000'] });
		expect(changesBetween(alone, await settled(stage, ['grace']))).to.deep.equal([]);
		const names = EXAMPLES.map(({ name }) => name);
		await mustSucceed(stage.plane().kubectl(['-n', 'grace', 'rollout', 'restart', 'deployment', ...names]));
		await settled(stage, ['grace']);
		expect(stage.writesOf('product', since)).to.deep.equal([]);
		for (const name of names) {
			const { spec, metadata } = await stage.get('grace', 'deployment', name);
			const pod = spec.template.spec;
			expect(pod.terminationGracePeriodSeconds).to.equal(name === 'patient' ? 90 : 60);
			expect(pod.containers[0].lifecycle).to.deep.equal({ preStop: { sleep: { seconds: 5 } } });
			expect(metadata.generation).to.equal(2);
		}
		const still = await watchStillness(stage, ['grace'], product, SHORT_SECONDS);
		expect([still.changes, still.productWrites]).to.deep.equal([[], []]);

		const steady = await snapshot(stage, ['grace']);
		await stage.restartOperator();
		expect(changesBetween(steady, await settled(stage, ['grace']))).to.deep.equal([]);
		expect(await product.stop()).to.equal(0);
		await stage.restartOperator();
		expect(changesBetween(steady, await settled(stage, ['grace']))).to.deep.equal([]);
	});

	it('password on the pods: the pods have the operator’s already, once', async () => {
		const since = stage.writeCount();
		await arrive(stage, {
			overlay: 'manifests/overlays/pod-mode',
			flags: ['--password-env=pod', '--grace-period-seconds=60'],
		});
		await stage.applyExamples('pods');
		await settled(stage, ['pods']);
		const { stdout } = await stage
			.plane()
			.kubectl(['-n', 'pods', 'get', 'pods', '-l', 'toolhive-name=search', '-o', 'json']);
		const pods = JSON.parse(stdout).items as { spec: { containers: { env: { name: string }[] }[] } }[];
		expect(pods).to.have.length(3);
		for (const { spec } of pods) {
			const names = spec.containers[0]?.env.map(({ name }) => name) ?? [];
			expect(names.filter((name) => name === 'THV_SESSION_REDIS_PASSWORD')).to.have.length(1);
		}
		expect(stage.writesOf('product', since)).to.deep.equal([]);
	});
});
