/**
 * Servers that exist before the product starts. The product updates each server once, and the pods of one server after
 * the other. After a restart, the product writes nothing.
 */
import { expect } from 'chai';
import { needControlPlane } from '../harness/control-plane/mocha.ts';
import { eventually } from '../harness/eventually.ts';
import { metricOf } from '../harness/metrics.ts';
import { serverManifest, useNamespace } from '../harness/namespace.ts';
import { proxyDeployment, REDIS, runConfigMap } from '../harness/operator-writes.ts';
import { applyCrds, mustSucceed, type Product, startProduct } from '../harness/product.ts';

const SERVERS = 30;
const BETWEEN_MS = 200;
const FLAGS = ['--settle-seconds=1', `--rollouts-per-minute=${60_000 / BETWEEN_MS}`, '--leader-elect=false'];
const SPEC = { transport: 'sse', replicas: 2, backendReplicas: 1, sessionStorage: REDIS };

describe('servers that exist before the product, on a real API server', function () {
	this.timeout(120_000);
	const plane = needControlPlane();
	before(async () => {
		await applyCrds(plane());
		// The test would also count servers that other suites left in their namespaces.
		const left = ['mcpservers,virtualmcpservers,mcpremoteproxies', '--all', '--all-namespaces', '--wait=false'];
		await mustSucceed(plane().kubectl(['delete', ...left]));
	});
	const namespace = useNamespace(plane, 'existing');
	let product: Product | undefined;
	after(() => product?.stop());

	const create = (items: object[]) =>
		mustSucceed(namespace.kubectl(['create', '-f', '-'], { apiVersion: 'v1', kind: 'List', items }));
	const stored = async (kinds: string) =>
		JSON.parse((await mustSucceed(namespace.kubectl(['get', kinds, '-o', 'json']))).stdout).items as {
			metadata: { name: string; uid: string; resourceVersion: string };
			spec: { replicas: number };
		}[];
	/** Starts the product and waits until it has nothing to do. Returns the number of its writes to each resource. */
	const settled = async (): Promise<Record<string, number>> => {
		const one = await startProduct(plane(), { hasWebhooks: false, flags: FLAGS });
		product = one;
		await eventually(async () => {
			expect(await metricOf(one, 'thv_scaling_reconciler_queued')).to.equal(0);
			expect(await metricOf(one, 'thv_scaling_reconcile_total')).to.be.at.least(SERVERS);
			expect(await metricOf(one, 'thv_scaling_reconciler_pending_rollouts')).to.equal(0);
		}, 60_000);
		const writes: Record<string, number> = {};
		for (const resource of ['mcpservers/status', 'configmaps', 'deployments'])
			writes[resource] = await metricOf(one, `thv_scaling_reconciler_writes_total{resource="${resource}"}`);
		return writes;
	};

	it(`${SERVERS} servers › updated one after the other, at the configured rate per minute; a restart writes nothing`, async () => {
		const names = Array.from({ length: SERVERS }, (_, index) => `old-${index}`);
		await create(names.map((name) => serverManifest('MCPServer', name, SPEC)));
		const owners = (await stored('mcpservers')).map(({ metadata: { name, uid } }) => ({
			...{ kind: 'MCPServer', name, namespace: namespace.name, uid },
		}));
		await create(owners.flatMap((owner) => [proxyDeployment(owner), runConfigMap(owner, '{\n  "name": "x"\n}')]));

		const startedMs = performance.now();
		const { deployments = 0, ...writes } = await settled();
		expect(writes).to.deep.equal({ 'mcpservers/status': SERVERS, configmaps: SERVERS });
		// The reconciler writes a replica count immediately, and a pod template at the configured rate.
		expect(deployments).to.be.within(SERVERS, 2 * SERVERS);
		expect(performance.now() - startedMs).to.be.at.least((SERVERS - 8) * BETWEEN_MS);
		for (const { metadata, spec } of await stored('deployments')) {
			expect(spec.replicas, metadata.name).to.equal(2);
			expect(JSON.stringify(spec), metadata.name).to.include('THV_SESSION_REDIS_PASSWORD');
		}
		const versions = async () =>
			(await stored('mcpservers,deployments,configmaps')).map(({ metadata }) => metadata.resourceVersion);
		const before = await versions();
		await product?.stop();
		expect(await settled()).to.deep.equal({ 'mcpservers/status': 0, configmaps: 0, deployments: 0 });
		expect(await versions()).to.deep.equal(before);
	});
});
