/** The backend StatefulSet on a real API server: a runner that starts sends its environment in another order, and rolls nothing. */
import { expect } from 'chai';
import type { Namespace } from '../harness/namespace.ts';
import { useProduct } from '../harness/use-product.ts';

const ENV = ['MCP_HOST', 'MCP_PORT', 'FASTMCP_PORT', 'API_BASE', 'LOG_LEVEL'].map((name) => ({
	name,
	value: `${name}=1`,
}));

describe('backend StatefulSets on a real API server', function () {
	this.timeout(60_000);
	const { namespace, product } = useProduct('backend-env');

	it('ten starts of a proxy, each with another order › generation stays 1', async () => {
		await startRunner(namespace, 'search', ENV);
		for (let start = 1; start <= 10; start += 1) await startRunner(namespace, 'search', rotated(ENV, start));
		expect(await generationOf(namespace, 'search')).to.equal(1);
	});

	it('another order together with another value › one new generation, with the new value', async () => {
		await startRunner(namespace, 'changed', ENV);
		const changed = rotated(ENV, 2).map((one) => (one.name === 'LOG_LEVEL' ? { ...one, value: 'debug' } : one));
		await startRunner(namespace, 'changed', changed);
		await startRunner(namespace, 'changed', rotated(changed, 3));
		expect(await generationOf(namespace, 'changed')).to.equal(2);
		const { spec } = await namespace.get('statefulset', 'changed');
		expect(spec.template.spec.containers[0].env).to.deep.include({ name: 'LOG_LEVEL', value: 'debug' });
	});

	it('a StatefulSet that is not a backend › its order is left as sent', async () => {
		await startRunner(namespace, 'other', ENV, { app: 'web', toolhive: 'true' });
		await startRunner(namespace, 'other', rotated(ENV, 1), { app: 'web', toolhive: 'true' });
		expect(await generationOf(namespace, 'other')).to.equal(2);
	});

	it('without the webhook › every start rolls the backend', async () => {
		await product().unregister();
		await startRunner(namespace, 'search', rotated(ENV, 1));
		await startRunner(namespace, 'search', rotated(ENV, 2));
		expect(await generationOf(namespace, 'search')).to.equal(3);
		await product().register();
	});
});

type Env = readonly { readonly name: string; readonly value: string }[];

const rotated = (env: Env, by: number): Env => [...env.slice(by % env.length), ...env.slice(0, by % env.length)];

/** What a proxy runner does to its backend when it starts. */
async function startRunner(
	namespace: Namespace,
	name: string,
	env: Env,
	labels: Readonly<Record<string, string>> = { app: name, toolhive: 'true' },
): Promise<void> {
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
					metadata: { labels: { ...labels, app: name } },
					spec: { containers: [{ name: 'mcp', image: 'ghcr.io/example/search:1.0.0', env }] },
				},
			},
		},
	);
	expect(code, stderr).to.equal(0);
}

const generationOf = async (namespace: Namespace, name: string): Promise<number> =>
	(await namespace.get('statefulset', name)).metadata.generation;
