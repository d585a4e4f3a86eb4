/** A lost proxy where the product puts the Redis password on Pods, beside an operator that writes its own environment back. */
import { join } from 'node:path';
import { expect } from 'chai';
import { PASSWORD_ENV } from '../../src/api/names.ts';
import { ROOT } from '../../test/harness/product.ts';
import { type Cluster, isTrusted } from '../installed/harness.ts';
import { currentVersion } from '../installed/installation.ts';
import { lose, REPLICAS } from './kinds.ts';
import { makeNamespace, nextNamespace, type SessionNamespace } from './namespace.ts';
import { mcpServer } from './objects.ts';
import type { Operator } from './operators.ts';
import { CLIENTS, SERVER, serviceUrl } from './scenarios.ts';

/** Call it inside a `describe` whose `before` has brought the CRDs. */
export function describePodMode(cluster: () => Cluster, operator: Operator, atLeast: number): void {
	describe(`pod mode beside ${operator.name}`, function () {
		this.timeout(300_000);
		let namespace: SessionNamespace | undefined;
		let stop: (() => Promise<void>) | undefined;

		before('operator, product and Redis', async () => {
			const { plane, installation } = cluster();
			const { image } = currentVersion(process.env['E2E_IMAGE'] ?? '');
			await installation.install({ image, manifests: join(ROOT, 'manifests/overlays/pod-mode') });
			await isTrusted(plane);
			namespace = await makeNamespace(plane, nextNamespace());
			stop = await operator.start(plane, namespace.name);
		});
		after('server, operator and product', async () => {
			await namespace?.remove();
			await stop?.();
			await cluster().installation.uninstall();
		});

		it('a proxy is lost › no request fails, every session keeps its state', async () => {
			const now = namespace as SessionNamespace;
			await now.apply(mcpServer(now.name, SERVER, { replicas: REPLICAS }));
			await now.settled(SERVER, REPLICAS);
			const names = '{..containers[*].env[*].name}';
			expect(await now.kubectl('get', 'deployment', SERVER, '-o', `jsonpath=${names}`)).not.to.contain(PASSWORD_ENV);
			const selector = `app.kubernetes.io/instance=${SERVER}`;
			const onPods = await now.kubectl('get', 'pods', '-l', selector, '-o', `jsonpath=${names}`);
			expect(onPods).to.contain(PASSWORD_ENV);
			const counted = await lose(now, SERVER, 1, { urls: [serviceUrl(now)], clients: CLIENTS, atLeast });
			expect(counted.failed - counted.closing, JSON.stringify(counted.reasons)).to.equal(0);
			expect(counted.stateKept).to.equal(counted.sessions);
		});
	});
}
