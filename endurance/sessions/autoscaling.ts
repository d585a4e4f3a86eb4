/** Tests a HorizontalPodAutoscaler on the proxies, as in examples/, with metrics from a real metrics-server. */
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { eventually } from '../../test/harness/eventually.ts';
import { documentsOf, readText } from '../../test/harness/product.ts';
import { MCP_IMAGE } from './images.ts';
import { callOnce, expectKept, loadDuring } from './load.ts';
import { installMetricsServer } from './metrics-server.ts';
import { sessionStorage } from './objects.ts';
import type { SessionNamespace } from './use-sessions.ts';

const EXAMPLE = 'examples/search-autoscaled.yaml';
const MIN = 2;
const SCALED_UP = 3;
const SCALED_MS = 120_000;
/** One twentieth of the normal load, so that every machine scales down. */
const LITTLE_LOAD = { clients: { 'new connections': 1, SDK: 1 }, pauseMs: 250, atLeast: 400 } as const;

interface Example {
	readonly kind: string;
	readonly metadata: { readonly name: string };
	readonly spec: object;
}

export function describeAutoscaling(sessions: () => SessionNamespace, atLeast: number): void {
	describe('a HorizontalPodAutoscaler on the proxies', function () {
		this.timeout(500_000);
		const [example, autoscaler] = documentsOf(readText(EXAMPLE)) as Example[] as [Example, Example];
		let uninstall: (() => Promise<void>) | undefined;
		before('metrics-server', async () => {
			uninstall = await installMetricsServer(sessions().plane);
		});
		after('metrics-server', async () => uninstall?.());

		it(`${EXAMPLE} › load rises and falls › replicas follow, no request fails, and every session keeps its state`, async () => {
			const namespace = sessions();
			const { name } = example.metadata;
			// On every machine, ten clients use more CPU than this request.
			const resources = { requests: { cpu: '25m' } };
			const changed = { image: MCP_IMAGE, sessionStorage: sessionStorage(namespace.name, name), resources };
			// By default, the autoscaler scales down only after five minutes.
			const behavior = { scaleDown: { stabilizationWindowSeconds: 15 } };
			await namespace.apply(
				{ ...example, spec: { ...example.spec, ...changed } },
				{ ...autoscaler, spec: { ...autoscaler.spec, behavior } },
			);
			await namespace.waitForReplicas(name, MIN);

			const untilScaled = (wait: () => Promise<void>) => async (): Promise<void> => {
				const startedMs = performance.now();
				await wait();
				const seconds = Math.round((performance.now() - startedMs) / 1000);
				process.stdout.write(`      ${(await namespace.proxies(name)).length} proxies after ${seconds} s\n`);
			};
			const up = untilScaled(() =>
				eventually(async () => expect(await namespace.proxies(name)).to.have.length.at.least(SCALED_UP), SCALED_MS),
			);
			const down = untilScaled(() => namespace.waitForReplicas(name, MIN));
			expectKept(await loadDuring(namespace, { server: name, atLeast }, up));
			expectKept(await loadDuring(namespace, { server: name, ...LITTLE_LOAD }, down));
			const read = (resource: string, path: string) =>
				namespace.kubectl('get', resource, name, '-o', `jsonpath={${path}}`);
			expect(await read('mcpserver', '.spec.replicas')).to.equal('');
			// An unchanged generation shows that the operator did not restart the backend.
			expect(await read('statefulset', '.metadata.generation')).to.equal('1');
		});

		it('a stdio server › the autoscaler sets 2 › a warning, 1 replica, and calls succeed', async () => {
			const namespace = sessions();
			const name = 'files';
			const stdio = { ...example, metadata: { name }, spec: { image: MCP_IMAGE, transport: 'stdio', proxyPort: 8080 } };
			const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name };
			await namespace.apply({ ...autoscaler, metadata: { name }, spec: { ...autoscaler.spec, scaleTargetRef } });
			// The webhook reads autoscalers from a watch cache.
			await eventually(async () => {
				const { stderr } = await namespace.tryKubectl(['apply', '--dry-run=server', '-f', '-'], stdio);
				expect(stderr).to.match(RegExp(`Warning: .*stdio .*HorizontalPodAutoscaler ${name}`));
			});
			await namespace.apply(stdio);
			await namespace.waitForReplicas(name, 1);
			const events = ['get', 'events', '--field-selector', `reason=SuccessfulRescale,involvedObject.name=${name}`];
			await eventually(async () => expect(await namespace.kubectl(...events)).to.contain('New size: 2'), SCALED_MS);
			const replicas = ['get', 'deployment', name, '-o', 'jsonpath={.spec.replicas} {.metadata.generation}'];
			expect(await namespace.kubectl(...replicas)).to.equal('1 1');
			expect(await callOnce(namespace, name)).to.have.property('text');
		});
	});
}
