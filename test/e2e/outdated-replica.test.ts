/**
 * Two replicas on a real API server, and the webhook calls reach the one that is cut off from the API server. Its
 * outdated cache reverts the leader's write.
 */
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { needControlPlane } from '../harness/control-plane/mocha.ts';
import { eventually } from '../harness/eventually.ts';
import { type FreezableProxy, startFreezableProxy } from '../harness/freezable-proxy.ts';
import { type Kubeconfig, writeKubeconfig } from '../harness/kubeconfig.ts';
import { metricOf } from '../harness/metrics.ts';
import { serverManifest, useNamespace } from '../harness/namespace.ts';
import { REDIS, runConfigMap } from '../harness/operator-writes.ts';
import { mustSucceed, type Product, startProduct } from '../harness/product.ts';

describe('a replica that is cut off from the API server', function () {
	this.timeout(120_000);
	const plane = needControlPlane();
	const namespace = useNamespace(plane, 'outdated');
	let network: FreezableProxy;
	let kubeconfig: Kubeconfig;
	let outdated: Product;
	let leader: Product;
	before(async () => {
		network = await startFreezableProxy(plane().url);
		kubeconfig = writeKubeconfig(network.url, readFileSync(plane().caFile, 'utf8'), plane().token('webhook'));
		outdated = await startProduct(plane(), { flags: ['--reconcile=false', `--kubeconfig=${kubeconfig.path}`] });
		leader = await startProduct(plane(), { hasWebhooks: false, flags: ['--settle-seconds=1', '--leader-elect=false'] });
	});
	after(async () => {
		network.resume();
		await outdated.stop();
		await leader.stop();
		kubeconfig.remove();
		await network.stop();
	});

	it('it reverts a write to a RunConfig › the leader repeats the write until it is stored', async () => {
		const { metadata } = await namespace.create(serverManifest('MCPServer', 'search', { transport: 'sse' }));
		const owner = { kind: 'MCPServer', name: 'search', namespace: namespace.name, uid: metadata.uid };
		await namespace.create(runConfigMap(owner, '{\n  "name": "search"\n}'));
		network.stall();
		const patch = JSON.stringify({ spec: { sessionStorage: REDIS } });
		await mustSucceed(namespace.kubectl(['patch', 'mcpserver', 'search', '--type=merge', '-p', patch]));
		const runConfig = async () => (await namespace.get('configmap', 'search-runconfig'))['data']['runconfig.json'];
		await eventually(async () => {
			expect(await metricOf(leader, 'thv_scaling_reconciler_writes_total{resource="configmaps"}')).to.be.at.least(2);
		}, 30_000);
		expect(await runConfig()).not.to.contain(REDIS.address);
		network.resume();
		await eventually(async () => expect(await runConfig()).to.contain(REDIS.address), 30_000);
	});
});
