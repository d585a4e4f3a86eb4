/**
 * Reverts a write by the reconciler until the metric counts it. The test takes over a minute, because the reconciler
 * waits for a minute before the fourth identical write.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import type { Json } from '../../src/api/types.ts';
import { type Api, openApi } from '../../test/harness/api.ts';
import { needControlPlane } from '../../test/harness/control-plane/mocha.ts';
import { metricOf } from '../../test/harness/metrics.ts';
import { serverManifest } from '../../test/harness/namespace.ts';
import { runConfigMap } from '../../test/harness/operator-writes.ts';
import { type Product, startProduct } from '../../test/harness/product.ts';

const REVERTED = 'thv_scaling_reconciler_reverted_total';
const WITHIN_MS = 150_000;
const NAMESPACE = 'reverted';
const RUN_CONFIG = '{"schema_version":"v1","name":"search"}';

describe('monitoring: a write that another client keeps reverting', () => {
	const plane = needControlPlane({ isOwn: true });
	const ending = new AbortController();
	let product: Product;
	let api: Api;
	let reverting: Promise<void>;
	before(async () => {
		product = await startProduct(plane(), { flags: ['--settle-seconds=1'], servedBy: 'none' });
		api = openApi(plane());
		reverting = revert(api, ending.signal);
	});
	after(async () => {
		ending.abort();
		await reverting;
		api.close();
		await product.stop();
	});

	it('reverted repeatedly › counted, and reported as an Event', async () => {
		expect(await metricOf(product, REVERTED)).to.equal(0);
		const deadlineMs = performance.now() + WITHIN_MS;
		while ((await metricOf(product, REVERTED)) === 0) {
			if (performance.now() > deadlineMs) throw new Error(`not counted within ${WITHIN_MS / 1000} s`);
			await sleep(1_000);
		}
		const events = ['get', 'events', '-n', NAMESPACE, '-o', 'jsonpath={.items[*].reason}'];
		expect((await plane().kubectl(events)).stdout).to.contain('ScalingReverted');
	});
});

/** Creates a server and its RunConfig, and restores the RunConfig each time that it changes. */
async function revert(api: Api, signal: AbortSignal): Promise<void> {
	await api.send('POST', '/api/v1/namespaces', { body: { metadata: { name: NAMESPACE } } });
	const sessionStorage = { provider: 'redis', address: 'redis.mcp.svc:6379' };
	const manifest = serverManifest('MCPServer', 'search', { transport: 'sse', sessionStorage });
	const servers = `/apis/toolhive.stacklok.dev/v1beta1/namespaces/${NAMESPACE}/mcpservers`;
	const { body: server } = await api.send('POST', servers, { body: manifest });
	const { uid } = server['metadata'] as { uid: string };
	const configMap = runConfigMap({ kind: 'MCPServer', name: 'search', namespace: NAMESPACE, uid }, RUN_CONFIG);
	const configMaps = `/api/v1/namespaces/${NAMESPACE}/configmaps`;
	await api.send('POST', configMaps, { body: configMap });
	const path = `${configMaps}/${configMap.metadata.name}`;
	while (!signal.aborted) {
		const { data } = (await api.send('GET', path)).body as { data?: Json };
		if (data?.['runconfig.json'] !== RUN_CONFIG) await api.send('PUT', path, { body: configMap });
		await sleep(1_000);
	}
}
