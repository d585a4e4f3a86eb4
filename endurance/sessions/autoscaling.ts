/** A HorizontalPodAutoscaler on the proxies, as in examples/, with the metrics of a real metrics-server. */
import { expect } from 'chai';
import { eventually } from '../../test/harness/eventually.ts';
import { documentsOf, readText } from '../../test/harness/product.ts';
import { MCP_IMAGE } from './images.ts';
import { type Counted, callOnce, describeCounted, loadDuring } from './load.ts';
import { installMetricsServer } from './metrics-server/install.ts';
import type { SessionNamespace } from './namespace.ts';
import { sessionStorage } from './objects.ts';
import { CLIENTS, serviceUrl } from './scenarios.ts';

const EXAMPLE = 'examples/search-autoscaled.yaml';
const MIN = 2;
const SCALED_UP = 3;
const SCALED_MS = 120_000;
/** A twentieth of what scales up, so that it is little on every machine. */
const LITTLE_LOAD = { clients: { 'new connections': 1, SDK: 1 }, pauseMs: 250, atLeast: 400 } as const;

interface Example {
	readonly kind: string;
	readonly metadata: { readonly name: string };
	readonly spec: object;
}

/** Call it inside a `describe` whose `before` has installed the product and started the operator. */
export function describeAutoscaling(namespaceNow: () => SessionNamespace, atLeast: number): void {
	describe('a HorizontalPodAutoscaler on the proxies', function () {
		this.timeout(500_000);
		let uninstall: (() => Promise<void>) | undefined;
		before('metrics-server', async () => {
			uninstall = await installMetricsServer(namespaceNow().plane);
		});
		after('metrics-server', async () => uninstall?.());

		it(`${EXAMPLE} › load comes and goes › the count follows, no request fails, every session keeps its state`, async () => {
			const namespace = namespaceNow();
			const [server, autoscaler] = documentsOf(readText(EXAMPLE)) as Example[] as [Example, Example];
			const { name } = server.metadata;
			await namespace.apply(testable(server, namespace.name), impatient(autoscaler));
			await namespace.settled(name, MIN);
			const urls = [serviceUrl(namespace, `mcp-${name}-proxy`)];

			const startedMs = performance.now();
			const up = await loadDuring(namespace, { urls, clients: CLIENTS, atLeast }, () =>
				eventually(async () => expect(await namespace.proxies(name)).to.have.length.at.least(SCALED_UP), SCALED_MS),
			);
			print(`${MIN} to ${(await namespace.proxies(name)).length} proxies within`, startedMs, up);
			const stillMs = performance.now();
			const down = await loadDuring(namespace, { urls, ...LITTLE_LOAD }, () => namespace.settled(name, MIN));
			print(`back to ${MIN} within`, stillMs, down);

			for (const counted of [up, down]) isWhole(counted);
			expect(await namespace.kubectl('get', 'mcpserver', name, '-o', 'jsonpath={.spec.replicas}')).to.equal('');
			// The backend was never restarted.
			expect(await namespace.kubectl('get', 'statefulset', name, '-o', 'jsonpath={.metadata.generation}')).to.equal(
				'1',
			);
		});

		it('a stdio server › the autoscaler sets 2 › the server is warned of, stays at 1 and answers', async () => {
			const namespace = namespaceNow();
			const name = 'files';
			const [server, autoscaler] = documentsOf(readText(EXAMPLE)) as Example[] as [Example, Example];
			const spec = { image: MCP_IMAGE, transport: 'stdio', proxyPort: 8080 };
			const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name };
			await namespace.apply({ ...autoscaler, metadata: { name }, spec: { ...autoscaler.spec, scaleTargetRef } });
			const stdio = { ...server, metadata: { name }, spec };
			// The webhook learns of the autoscaler by a watch.
			await eventually(async () => {
				const { stderr } = await namespace.tryKubectl(['apply', '--dry-run=server', '-f', '-'], stdio);
				expect(stderr).to.match(RegExp(`Warning: .*stdio .*HorizontalPodAutoscaler ${name}`));
			});
			await namespace.apply(stdio);
			await namespace.settled(name, 1);
			const tried = ['get', 'events', '--field-selector', `reason=SuccessfulRescale,involvedObject.name=${name}`];
			await eventually(async () => expect(await namespace.kubectl(...tried)).to.contain('New size: 2'), SCALED_MS);
			const replicas = ['get', 'deployment', name, '-o', 'jsonpath={.spec.replicas} {.metadata.generation}'];
			expect(await namespace.kubectl(...replicas)).to.equal('1 1');
			expect(await callOnce(namespace, serviceUrl(namespace, `mcp-${name}-proxy`))).to.have.property('text');
		});
	});
}

/** With a CPU request that ten clients exceed on every machine. */
function testable(server: Example, namespace: string): object {
	const storage = sessionStorage(namespace, server.metadata.name);
	const resources = { requests: { cpu: '25m' } };
	return { ...server, spec: { ...server.spec, image: MCP_IMAGE, sessionStorage: storage, resources } };
}

/** Else the first step down comes after five minutes. */
const impatient = (autoscaler: Example): object => ({
	...autoscaler,
	spec: { ...autoscaler.spec, behavior: { scaleDown: { stabilizationWindowSeconds: 15 } } },
});

function print(what: string, sinceMs: number, counted: Counted): void {
	const seconds = Math.round((performance.now() - sinceMs) / 1000);
	process.stdout.write(`      ${what} ${seconds} s: ${describeCounted(counted)}\n`);
}

function isWhole({ failed, closing, reasons, sessions, stateKept }: Counted): void {
	expect(failed - closing, JSON.stringify(reasons)).to.equal(0);
	expect(stateKept).to.equal(sessions);
}
