/** An upgrade to a product with preStop, on a real API server: no pod rolls because of it, and a restart brings it. */
import { expect } from 'chai';
import { after, before } from 'mocha';
import { needControlPlane } from '../harness/control-plane/mocha.ts';
import type { User } from '../harness/control-plane/start.ts';
import { eventually } from '../harness/eventually.ts';
import { metricOf } from '../harness/metrics.ts';
import { type Stored, serverManifest, useNamespace } from '../harness/namespace.ts';
import { type Owner, proxyDeployment, REDIS } from '../harness/operator-writes.ts';
import { applyCrds, mustSucceed, type Product, startProduct } from '../harness/product.ts';
import { startProgram } from '../harness/program.ts';
import type { Check } from './doctor-cluster.ts';

/** Their Deployments lack nothing but the shutdown settings. */
const PLAIN = [
	{ kind: 'MCPServer', name: 'search', spec: { transport: 'sse' } },
	{ kind: 'VirtualMCPServer', name: 'hub', spec: {} },
	{ kind: 'MCPRemoteProxy', name: 'crm', spec: { remoteUrl: 'https://crm.example.com' } },
];
const NAMES = PLAIN.map(({ name }) => name);
const LACKING = { kind: 'MCPServer', name: 'mail', spec: { transport: 'sse', sessionStorage: REDIS } };
const OURS = { grace: 45, lifecycle: { preStop: { sleep: { seconds: 5 } } } };

const templateOf = (deployment: Stored): unknown => deployment['spec'].template;
function shutdownOf(deployment: Stored): object {
	const { terminationGracePeriodSeconds: grace, containers } = deployment['spec'].template.spec;
	const { lifecycle } = containers[0];
	return { grace, ...(lifecycle !== undefined && { lifecycle }) };
}

describe('shutdown settings on a real API server', function () {
	this.timeout(120_000);
	const plane = needControlPlane();
	before('CRDs', () => applyCrds(plane()));
	const namespace = useNamespace(plane, 'shutdown');
	let product: Product | undefined;
	after('product', async () => {
		await product?.stop();
	});
	const sent: Record<string, ReturnType<typeof proxyDeployment>> = {};
	const get = (name: string): Promise<Stored> => namespace.get('deployment', name);
	const all = (): Promise<Stored[]> => Promise.all(NAMES.map(get));
	const put = (object: object, user: User): Promise<unknown> =>
		mustSucceed(namespace.kubectl(['replace', '-f', '-'], object, user));
	/** What the operator sends, built of the server alone. */
	const putBuilt = (user: User): Promise<unknown[]> => Promise.all(NAMES.map((name) => put(sent[name] ?? {}, user)));
	const kubectl = (...args: string[]): Promise<unknown> => mustSucceed(namespace.kubectl(args));
	const hints = async (): Promise<Check[]> => {
		const { stdout } = await startProgram(['doctor', '--kubeconfig', plane().kubeconfig('admin'), '-o', 'json']).ended;
		const { checks } = JSON.parse(stdout) as { checks: Check[] };
		return checks.filter(({ id, subject }) => id === 'pre-stop' && subject.endsWith(' in shutdown'));
	};
	let stored: Stored[] = [];

	it('the product starts beside Deployments without the settings › only a template that lacks the password changes', async () => {
		for (const { kind, name, spec } of [...PLAIN, LACKING]) {
			const { metadata } = await namespace.create(serverManifest(kind, name, spec));
			const owner: Owner = { kind, name, namespace: namespace.name, uid: metadata.uid };
			sent[name] = proxyDeployment(owner);
			await namespace.create(sent[name], 'operator');
		}
		stored = await all();
		product = await startProduct(plane(), { flags: ['--settle-seconds=1'] });
		await eventually(async () => expect(shutdownOf(await get('mail'))).to.deep.equal(OURS), 30_000);
		expect((await get('mail')).metadata.generation).to.equal(2);
		const served = product;
		await eventually(async () => {
			expect(await metricOf(served, 'thv_scaling_reconcile_total')).to.be.at.least(4);
			expect(await metricOf(served, 'thv_scaling_reconciler_queued')).to.equal(0);
		}, 30_000);
		for (const [index, deployment] of (await all()).entries()) {
			expect(deployment.metadata.generation).to.equal(1);
			expect(templateOf(deployment)).to.deep.equal(templateOf(stored[index] as Stored));
		}
	});

	it("the operator's PUT, another client's PUT, kubectl label and scale › no template changes", async () => {
		await putBuilt('operator');
		await putBuilt('admin');
		for (const name of NAMES) {
			await kubectl('label', 'deployment', name, 'team=a');
			await kubectl('scale', 'deployment', name, '--replicas=2');
		}
		for (const [index, deployment] of (await all()).entries()) {
			expect(deployment['spec'].replicas).to.equal(2);
			expect(templateOf(deployment)).to.deep.equal(templateOf(stored[index] as Stored));
		}
	});

	it('the command that doctor prints › brings both, and the warning is gone', async () => {
		const [hint] = await hints();
		expect(hint).to.include({ status: 'warn', subject: '3 proxy Deployments in shutdown' });
		expect(hint?.fix).to.equal('kubectl rollout restart deployment -n shutdown crm hub search');
		await mustSucceed(plane().kubectl(hint?.fix?.split(' ').slice(1) ?? []));
		for (const deployment of await all()) expect(shutdownOf(deployment)).to.deep.equal(OURS);
		expect(await hints()).to.deep.equal([]);
	});

	it("the operator's PUT without them › they stay, and its next one changes nothing that is stored", async () => {
		// Its first one takes the annotation of the restart away, which is a change of its own.
		await putBuilt('operator');
		const first = await all();
		for (const deployment of first) expect(shutdownOf(deployment)).to.deep.equal(OURS);
		for (const user of ['operator', 'admin'] as const) {
			await putBuilt(user);
			const next = await all();
			expect(next.map(({ metadata }) => metadata.generation)).to.deep.equal(
				first.map(({ metadata }) => metadata.generation),
			);
			for (const [index, deployment] of next.entries())
				expect(templateOf(deployment)).to.deep.equal(templateOf(first[index] as Stored));
		}
	});
});
