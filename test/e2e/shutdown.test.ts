/**
 * An upgrade to a product version with preStop, on a real API server: the upgrade restarts no pod, and a rollout
 * restart adds preStop.
 */
import { expect } from 'chai';
import { after, before } from 'mocha';
import { needControlPlane } from '../harness/control-plane/mocha.ts';
import type { User } from '../harness/control-plane/start.ts';
import { eventually } from '../harness/eventually.ts';
import { metricOf } from '../harness/metrics.ts';
import { type Stored, serverManifest, useNamespace } from '../harness/namespace.ts';
import { proxyDeployment, REDIS } from '../harness/operator-writes.ts';
import { applyCrds, mustSucceed, type Product, startProduct } from '../harness/product.ts';
import { startProgram } from '../harness/program.ts';
import type { Check } from './doctor-cluster.ts';

/** Three servers whose Deployments lack only the shutdown settings, and one that also lacks the password. */
const SERVERS = [
	['MCPServer', 'search', { transport: 'sse' }],
	['VirtualMCPServer', 'hub', {}],
	['MCPRemoteProxy', 'crm', { remoteUrl: 'https://crm.example.com' }],
	['MCPServer', 'mail', { transport: 'sse', sessionStorage: REDIS }],
] as const;
const NAMES = ['search', 'hub', 'crm'];

describe('shutdown settings on a real API server', function () {
	this.timeout(120_000);
	const plane = needControlPlane();
	before('CRDs', () => applyCrds(plane()));
	const namespace = useNamespace(plane, 'shutdown');
	let product: Product | undefined;
	after('product', async () => {
		await product?.stop();
	});
	/** The Deployments that the operator builds from the servers. */
	const built: Record<string, ReturnType<typeof proxyDeployment>> = {};
	const all = (): Promise<Stored[]> => Promise.all(NAMES.map((name) => namespace.get('deployment', name)));
	const templates = async (): Promise<unknown[]> => (await all()).map(({ spec }) => spec.template);
	const generations = async (): Promise<number[]> => (await all()).map(({ metadata }) => metadata.generation);
	const putBuilt = async (...users: User[]): Promise<void> => {
		for (const user of users)
			for (const name of NAMES) await mustSucceed(namespace.kubectl(['replace', '-f', '-'], built[name], user));
	};
	const expectShutdown = (...deployments: Stored[]): void => {
		for (const { spec } of deployments) {
			const { terminationGracePeriodSeconds, containers } = spec.template.spec;
			expect(terminationGracePeriodSeconds).to.equal(45);
			expect(containers[0].lifecycle).to.deep.equal({ preStop: { sleep: { seconds: 5 } } });
		}
	};
	const hints = async (): Promise<Check[]> => {
		const { stdout } = await startProgram(['doctor', '--kubeconfig', plane().kubeconfig('admin'), '-o', 'json']).ended;
		const { checks } = JSON.parse(stdout) as { checks: Check[] };
		return checks.filter(({ id, subject }) => id === 'pre-stop' && subject.endsWith(' in shutdown'));
	};

	it('the product starts, and clients write Deployments without the settings › only a template without the password changes', async () => {
		for (const [kind, name, spec] of SERVERS) {
			const { metadata } = await namespace.create(serverManifest(kind, name, spec));
			built[name] = proxyDeployment({ kind, name, namespace: namespace.name, uid: metadata.uid });
			await namespace.create(built[name], 'operator');
		}
		const unchanged = await templates();
		const started = await startProduct(plane(), { flags: ['--settle-seconds=1'] });
		product = started;
		await eventually(async () => expectShutdown(await namespace.get('deployment', 'mail')));
		expect((await namespace.get('deployment', 'mail')).metadata.generation).to.equal(2);
		await eventually(async () => {
			expect(await metricOf(started, 'thv_scaling_reconcile_total')).to.be.at.least(4);
			expect(await metricOf(started, 'thv_scaling_reconciler_queued')).to.equal(0);
		});
		expect(await generations()).to.deep.equal([1, 1, 1]);
		await putBuilt('operator', 'admin');
		await mustSucceed(namespace.kubectl(['label', 'deployment', ...NAMES, 'team=a']));
		await mustSucceed(namespace.kubectl(['scale', 'deployment', ...NAMES, '--replicas=2']));
		expect((await all()).map(({ spec }) => spec.replicas)).to.deep.equal([2, 2, 2]);
		expect(await templates()).to.deep.equal(unchanged);
	});

	it('the command that doctor prints › adds both settings, and doctor no longer warns', async () => {
		const [hint] = await hints();
		expect(hint).to.include({ status: 'warn', subject: '3 proxy Deployments in shutdown' });
		expect(hint?.fix).to.equal('kubectl rollout restart deployment -n shutdown crm hub search');
		await mustSucceed(plane().kubectl(hint?.fix?.split(' ').slice(1) ?? []));
		expectShutdown(...(await all()));
		expect(await hints()).to.deep.equal([]);
	});
});
