/** The overlay namespace-opt-in on a real API server: neither webhooks nor reconciler touch a namespace without the label. */
import { expect } from 'chai';
import { eventually } from './eventually.ts';
import { serverManifest, useNamespace } from './namespace.ts';
import { useProduct } from './use-product.ts';

const LABEL = 'toolhive-scaling/enabled=true';
/** Longer than the reconciler takes to look again at what it left out. */
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
	const conditionsIn = async (namespace: typeof chosen): Promise<unknown[]> =>
		(await namespace.get('mcpserver', 'files'))['status']?.conditions ?? [];
	const optIn = (name: string) => plane().kubectl(['label', 'namespace', name, LABEL]);

	it('with the label: warnings and conditions; without it nothing of ours', async () => {
		await optIn('opted-in');
		await optIn('opted-out');
		// The API server follows labels and registrations with a watch.
		await eventually(async () => {
			const { stderr } = await chosen.kubectl(['create', '--dry-run=server', '-f', '-'], capped);
			expect(stderr).to.include('stdio-replicas-capped');
		});
		const { code, stderr } = await other.kubectl(['create', '-f', '-'], capped);
		expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' });
		await excluded.create(capped);
		await chosen.create(capped);
		await eventually(async () => expect(await conditionsIn(chosen)).to.have.length(2));
		expect(await conditionsIn(other)).to.deep.equal([]);
	});

	it('labelled later: what is there already is brought up to date; one that is excluded never is', async () => {
		await optIn('not-opted-in');
		await eventually(async () => expect(await conditionsIn(other)).to.have.length(2), NOTICED_MS);
		expect(await conditionsIn(excluded)).to.deep.equal([]);
	});
});
