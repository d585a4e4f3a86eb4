/** Beside an operator that scales by itself we have nothing to do, and do nothing. */
import { expect } from 'chai';
import type { Product } from '../../test/harness/product.ts';
import { arrive } from './arrival.ts';
import { tally } from './audit.ts';
import { OPERATOR_VERSION } from './build.ts';
import { useStage } from './harness.ts';
import { changesBetween, SETTLED_SECONDS, type Stillness, settled, snapshot, watchStillness } from './idle.ts';
import { EXAMPLES, PASSWORD_REF } from './servers.ts';

const PASSWORD = 'THV_SESSION_REDIS_PASSWORD';
/** While a backend is missing the operator comes by every ten seconds and sends four statuses; a window may hold two rounds more. */
const EDGE = 8;
/** Each Deployment once, when it is created: it gets grace period and preStop. */
const CREATED = Object.fromEntries(EXAMPLES.map(({ name }) => [`create deployments ${name}`, 1]));

describe(`beside ToolHive ${OPERATOR_VERSION}, which scales by itself`, function () {
	this.timeout(600_000);
	const stage = useStage();
	let alone: Stillness;
	let product: Product;

	it(`alone it is still for ${SETTLED_SECONDS} s, apart from writes that change nothing`, async () => {
		await stage.applyExamples('early');
		await settled(stage, ['early']);
		alone = await watchStillness(stage, ['early']);
		expect(alone.changes).to.deep.equal([]);
		expect(tally(alone.operatorWrites.filter(({ isChange }) => isChange))).to.deep.equal({});
	});

	it('the product arrives, looks at every server, and writes nothing', async () => {
		const before = await snapshot(stage, ['early']);
		const since = stage.writeCount();
		product = await arrive(stage);
		const after = await settled(stage, ['early']);
		expect(changesBetween(before, after)).to.deep.equal([]);
		expect(stage.writesOf('product', since)).to.deep.equal([]);
	});

	it('servers made beside it become what the operator makes of them, and get the shutdown settings', async () => {
		const since = stage.writeCount();
		await stage.applyExamples('late');
		await settled(stage, ['early', 'late']);
		expect(stage.writesOf('product', since), 'the operator writes all of it itself').to.deep.equal([]);
		const mutated = stage.writesOf('operator').filter(({ isMutated }) => isMutated);
		expect(tally(mutated), 'the webhooks changed what the operator sent').to.deep.equal(CREATED);
	});

	it(`both are still for ${SETTLED_SECONDS} s`, async () => {
		const together = await watchStillness(stage, ['early', 'late'], product);
		expect(together.productWrites).to.deep.equal([]);
		expect(together.counted).to.equal(0);
		expect(together.changes).to.deep.equal([]);
		const failed = together.operatorWrites.filter(({ code }) => code >= 300);
		expect(failed, 'the operator was refused').to.deep.equal([]);
		const usual = tally(alone.operatorWrites);
		for (const namespace of ['early', 'late']) {
			const counts = tally(together.operatorWrites.filter((write) => write.namespace === namespace));
			for (const [what, count] of Object.entries(counts)) {
				expect(count, `${what} in ${namespace}`).to.be.at.most(what in usual ? (usual[what] ?? 0) + EDGE : 0);
			}
		}
	});

	for (const { kind, name, replicas, hasPassword = false } of EXAMPLES) {
		it(`${kind} ${name}: the same with and without us, but for the shutdown settings`, async () => {
			for (const namespace of ['early', 'late']) {
				const deployment = await stage.get(namespace, 'deployment', name);
				const pod = deployment['spec'].template.spec;
				expect(deployment['spec'].replicas).to.equal(replicas);
				expect(deployment.metadata.generation).to.equal(1);
				expect(deployment.metadata.annotations).not.to.have.property('toolhive-scaling/applied-replicas');
				const isOurs = namespace === 'late';
				expect(pod.terminationGracePeriodSeconds).to.equal(name === 'patient' ? 90 : isOurs ? 45 : 30);
				expect(pod.containers[0].lifecycle).to.deep.equal(isOurs ? { preStop: { sleep: { seconds: 5 } } } : undefined);
				const entries = (pod.containers[0].env as { name: string; value?: string }[]).filter(
					(entry) => entry.name === PASSWORD && entry.value === undefined,
				);
				expect(entries).to.deep.equal(
					hasPassword ? [{ name: PASSWORD, valueFrom: { secretKeyRef: PASSWORD_REF } }] : [],
				);
				const server = await stage.get(namespace, kind.toLowerCase(), name);
				const types = (server['status'].conditions as { type: string }[]).map(({ type }) => type);
				expect(types).to.have.members([...new Set(types)]);
				expect(types).to.include('SessionStorageWarning');
			}
		});
	}
});
