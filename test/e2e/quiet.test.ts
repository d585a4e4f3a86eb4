/** Written once: a restart changes nothing that is right, and what is not rolls one after the other. */
import { expect } from 'chai';
import { needControlPlane } from '../harness/control-plane/mocha.ts';
import { eventually } from '../harness/eventually.ts';
import { metricOf } from '../harness/metrics.ts';
import { serverManifest, useNamespace } from '../harness/namespace.ts';
import { proxyDeployment, runConfigMap } from '../harness/operator-writes.ts';
import { applyCrds, type Product, startProduct } from '../harness/product.ts';

const SERVERS = 100;
const FLAGS = ['--settle-seconds=1', '--rollouts-per-minute=10000', '--leader-elect=false'];
const RUN_CONFIG = '{\n  "name": "x"\n}';

describe('a quiet reconciler on a real API server', function () {
	this.timeout(180_000);
	const plane = needControlPlane();
	before(() => applyCrds(plane()));
	const namespace = useNamespace(plane, 'quiet');
	let product: Product | undefined;
	afterEach(async () => product?.stop());

	const settled = async (one: Product): Promise<number> => {
		await eventually(async () => {
			expect(await metricOf(one, 'thv_scaling_reconciler_queued')).to.equal(0);
			expect(await metricOf(one, 'thv_scaling_reconciler_passes_total')).to.be.at.least(SERVERS);
		}, 60_000);
		return metricOf(one, 'thv_scaling_reconciler_writes_total');
	};
	const versions = async (): Promise<string[]> => {
		const { stdout } = await namespace.kubectl(['get', 'mcpservers,deployments,configmaps', '-o', 'json']);
		return (JSON.parse(stdout).items as { metadata: { resourceVersion: string } }[]).map(
			({ metadata }) => metadata.resourceVersion,
		);
	};

	const isUpToDate = async (name: string): Promise<boolean> => {
		const { spec } = (await namespace.get('deployment', name)) as unknown as { spec: { replicas: number } };
		return spec.replicas === 2 && JSON.stringify(spec).includes('THV_SESSION_REDIS_PASSWORD');
	};

	it(`${SERVERS} servers that were there before us are brought up to date, and a restart writes nothing`, async () => {
		const list = (items: object[]) =>
			namespace.kubectl(['create', '-f', '-'], { apiVersion: 'v1', kind: 'List', items });
		const spec = {
			transport: 'sse',
			replicas: 2,
			backendReplicas: 1,
			sessionStorage: { provider: 'redis', address: 'redis.mcp.svc:6379', passwordRef: { name: 'a', key: 'b' } },
		};
		await list(Array.from({ length: SERVERS }, (_, index) => serverManifest('MCPServer', `old-${index}`, spec)));
		const servers = JSON.parse((await namespace.kubectl(['get', 'mcpservers', '-o', 'json'])).stdout).items;
		const owned = servers.map(({ metadata }: { metadata: { name: string; uid: string } }) => ({
			kind: 'MCPServer',
			name: metadata.name,
			namespace: namespace.name,
			uid: metadata.uid,
		}));
		await list(
			owned.flatMap((owner: Parameters<typeof proxyDeployment>[0]) => [
				proxyDeployment(owner),
				runConfigMap(owner, RUN_CONFIG),
			]),
		);

		product = await startProduct(plane(), { isRegistered: false, flags: FLAGS });
		await eventually(async () => expect(await isUpToDate(`old-${SERVERS - 1}`)).to.equal(true), 60_000);
		// One status, one ConfigMap and one Deployment each; a count does not wait where the pods wait for their turn.
		expect(await settled(product)).to.be.within(3 * SERVERS, 4 * SERVERS);
		for (const name of owned.map((owner: { name: string }) => owner.name)) {
			expect(await isUpToDate(name), name).to.equal(true);
		}
		const before = await versions();

		await product.stop();
		product = await startProduct(plane(), { isRegistered: false, flags: FLAGS });
		expect(await settled(product)).to.equal(0);
		expect(await versions()).to.deep.equal(before);
	});
});

describe('a backfill on a real API server', function () {
	this.timeout(120_000);
	const plane = needControlPlane();
	before(() => applyCrds(plane()));
	const namespace = useNamespace(plane, 'backfill');

	it('rolls one after the other, as many a minute as configured', async () => {
		const count = 8;
		const spec = {
			transport: 'sse',
			sessionStorage: { provider: 'redis', address: 'redis.mcp.svc:6379', passwordRef: { name: 'a', key: 'b' } },
		};
		for (let index = 0; index < count; index += 1) {
			const { metadata } = await namespace.create(serverManifest('MCPServer', `old-${index}`, spec));
			await namespace.create(
				proxyDeployment({ kind: 'MCPServer', name: `old-${index}`, namespace: namespace.name, uid: metadata.uid }),
			);
		}
		const product = await startProduct(plane(), {
			isRegistered: false,
			flags: ['--settle-seconds=0', '--rollouts-per-minute=60', '--leader-elect=false'],
		});
		const startedMs = performance.now();
		await eventually(async () => {
			expect(await metricOf(product, 'thv_scaling_reconciler_writes_total')).to.be.at.least(count);
			expect(await metricOf(product, 'thv_scaling_reconciler_waiting_rollouts')).to.equal(0);
		}, 60_000);
		expect(performance.now() - startedMs).to.be.at.least((count - 2) * 1_000);
		const { stdout } = await namespace.kubectl([
			'get',
			'deployments',
			'-o',
			'jsonpath={.items[*].metadata.generation}',
		]);
		expect(stdout.split(' ')).to.deep.equal(Array.from({ length: count }, () => '2'));
		await product.stop();
	});
});
