/** The backend StatefulSet on a real API server: a runner that starts sends its environment in another order, and rolls nothing. */
import { expect } from 'chai';
import { eventually } from '../harness/eventually.ts';
import type { Namespace } from '../harness/namespace.ts';
import { useProduct } from '../harness/use-product.ts';

const ENV = ['MCP_HOST', 'MCP_PORT', 'FASTMCP_PORT', 'API_BASE', 'LOG_LEVEL'].map((name) => ({
	name,
	value: `${name}=1`,
}));

describe('backend StatefulSets on a real API server', function () {
	this.timeout(60_000);
	const { namespace, product } = useProduct('backend-env');

	it('five starts of a proxy, each with another order › generation stays 1', async () => {
		await startRunner(namespace, 'search', ENV);
		for (let start = 1; start <= 5; start += 1) await startRunner(namespace, 'search', rotated(ENV, start));
		expect(await generationOf(namespace, 'search')).to.equal(1);
	});

	it('another order together with another value › one new generation, with the new value', async () => {
		const changed = rotated(ENV, 2).map((one) => (one.name === 'LOG_LEVEL' ? { ...one, value: 'debug' } : one));
		await startRunner(namespace, 'search', changed);
		await startRunner(namespace, 'search', rotated(changed, 3));
		expect(await generationOf(namespace, 'search')).to.equal(2);
		const { spec } = await namespace.get('statefulset', 'search');
		expect(spec.template.spec.containers[0].env).to.deep.include({ name: 'LOG_LEVEL', value: 'debug' });
	});

	it('without the webhook › a start rolls the backend', async () => {
		await product().unregister();
		// The API server learns of that a moment later.
		await eventually(async () => {
			await startRunner(namespace, 'search', rotated(ENV, 1));
			await startRunner(namespace, 'search', rotated(ENV, 2));
			expect(await generationOf(namespace, 'search')).to.be.above(2);
		});
	});
});

type Env = readonly { readonly name: string; readonly value: string }[];

const rotated = (env: Env, by: number): Env => [...env.slice(by % env.length), ...env.slice(0, by % env.length)];

/** What a proxy runner does to its backend when it starts. */
async function startRunner(namespace: Namespace, name: string, env: Env): Promise<void> {
	const labels = { app: name, toolhive: 'true' };
	const { code, stderr } = await namespace.kubectl(
		['apply', '--server-side', '--force-conflicts', '--field-manager=toolhive-container-manager', '-f', '-'],
		{
			apiVersion: 'apps/v1',
			kind: 'StatefulSet',
			metadata: { name, labels },
			spec: {
				replicas: 1,
				serviceName: name,
				selector: { matchLabels: { app: name } },
				template: {
					metadata: { labels },
					spec: { containers: [{ name: 'mcp', image: 'ghcr.io/example/search:1.0.0', env }] },
				},
			},
		},
	);
	expect(code, stderr).to.equal(0);
}

const generationOf = async (namespace: Namespace, name: string): Promise<number> =>
	(await namespace.get('statefulset', name)).metadata.generation;
