/**
 * The overlay namespace-opt-in on a real API server: neither the webhooks nor the reconciler change a namespace without
 * the label.
 */
import { expect } from 'chai';
import { after } from 'mocha';
import { INSTALLED_AS } from '../../src/api/names.ts';
import { SYSTEM_NAMESPACES } from '../../src/api/webhook-configurations.ts';
import { eventually } from '../harness/eventually.ts';
import { type Namespace, serverManifest, useNamespace } from '../harness/namespace.ts';
import { mustSucceed } from '../harness/product.ts';
import { useProduct } from '../harness/use-product.ts';

const LABEL = 'toolhive-scaling/enabled=true';
/** Longer than the interval at which the reconciler reads skipped namespaces again. */
const NOTICED_MS = 45_000;

describe('namespaces that opt in, on a real API server', function () {
	this.timeout(120_000);
	const { plane, namespace: chosen } = useProduct('opted-in', {
		overlay: 'manifests/overlays/namespace-opt-in',
		flags: [`--namespace-label=${LABEL}`, '--exclude-namespaces=opted-out', '--settle-seconds=1'],
	});
	const other = useNamespace(plane, 'not-opted-in');
	const excluded = useNamespace(plane, 'opted-out');
	const capped = serverManifest('MCPServer', 'files', { transport: 'stdio', replicas: 3 });
	const conditionsIn = async ({ kubectl }: Pick<Namespace, 'kubectl'>): Promise<unknown[]> => {
		const { stdout } = await mustSucceed(kubectl(['get', 'mcpserver', 'files', '-o', 'json']));
		return JSON.parse(stdout).status?.conditions ?? [];
	};
	const optIn = (name: string) => mustSucceed(plane().kubectl(['label', 'namespace', name, LABEL]));
	/** Namespaces that exist before and after this suite. */
	const promised = [...SYSTEM_NAMESPACES, INSTALLED_AS].map((name) => ({
		name,
		kubectl: (args: readonly string[], input?: object | string) =>
			plane().kubectl(['-n', name, ...args], input === undefined ? {} : { input: JSON.stringify(input) }),
	}));
	after(async () => {
		for (const { name, kubectl } of promised) {
			await kubectl(['delete', 'mcpserver', 'files', '--ignore-not-found']);
			await plane().kubectl(['label', 'namespace', name, `${LABEL.split('=')[0]}-`]);
		}
	});

	it('with the label › warnings and conditions; without it › none', async () => {
		await optIn('opted-in');
		await optIn('opted-out');
		// The API server reads labels and webhook configurations after a short delay, through a watch.
		await eventually(async () => {
			const { stderr } = await chosen.kubectl(['create', '--dry-run=server', '-f', '-'], capped);
			expect(stderr).to.include('stdio-replicas-capped');
		});
		const { code, stderr } = await other.kubectl(['create', '-f', '-'], capped);
		expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' });
		await excluded.create(capped);
		for (const { name, kubectl } of promised) {
			await optIn(name);
			await mustSucceed(kubectl(['create', '-f', '-'], capped));
		}
		await chosen.create(capped);
		await eventually(async () => expect(await conditionsIn(chosen)).to.have.length(2));
		expect(await conditionsIn(other)).to.deep.equal([]);
	});

	it('labelled later › its servers are reconciled; servers in excluded namespaces, in system namespaces and in the product namespace are not', async () => {
		await optIn('not-opted-in');
		await eventually(async () => expect(await conditionsIn(other)).to.have.length(2), NOTICED_MS);
		for (const one of [excluded, ...promised]) expect(await conditionsIn(one), one.name).to.deep.equal([]);
	});
});
