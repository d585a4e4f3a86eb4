/**
 * The overlay namespace-opt-in on a real API server: neither the webhooks nor the reconciler change a namespace without
 * the label.
 */
import { expect } from 'chai';
import { after } from 'mocha';
import { INSTALLED_AS } from '../../src/api/names.ts';
import { SYSTEM_NAMESPACES } from '../../src/api/webhook-configurations.ts';
import { eventually } from '../harness/eventually.ts';
import { serverManifest, useNamespace } from '../harness/namespace.ts';
import { mustSucceed } from '../harness/product.ts';
import { useProduct } from '../harness/use-product.ts';

const LABEL = 'toolhive-scaling/enabled=true';
/** Longer than the interval at which the reconciler reads skipped namespaces again. */
const NOTICED_MS = 45_000;

describe('namespaces that opt in, on a real API server', function () {
	this.timeout(120_000);
	const { plane } = useProduct('opted-in', {
		overlay: 'manifests/overlays/namespace-opt-in',
		flags: [`--namespace-label=${LABEL}`, '--exclude-namespaces=opted-out', '--settle-seconds=1'],
	});
	useNamespace(plane, 'not-opted-in');
	useNamespace(plane, 'opted-out');
	/** Namespaces that exist before and after this suite. The product promises to exclude them. */
	const promised = [...SYSTEM_NAMESPACES, INSTALLED_AS];
	const excluded = ['opted-out', ...promised];
	const kubectl = (...args: string[]) => plane().kubectl(args);
	const create = (name: string, ...how: string[]) => {
		const server = serverManifest('MCPServer', 'files', { transport: 'stdio', replicas: 3 });
		return plane().kubectl(['create', '-n', name, ...how, '-f', '-'], { input: JSON.stringify(server) });
	};
	const conditionsIn = async (name: string): Promise<unknown[]> => {
		const { stdout } = await mustSucceed(kubectl('get', 'mcpserver', 'files', '-n', name, '-o', 'json'));
		return JSON.parse(stdout).status?.conditions ?? [];
	};
	const optIn = (name: string) => mustSucceed(kubectl('label', 'namespace', name, LABEL));
	after(async () => {
		for (const name of promised) {
			await kubectl('delete', 'mcpserver', 'files', '-n', name, '--ignore-not-found');
			await kubectl('label', 'namespace', name, `${LABEL.split('=')[0]}-`);
		}
	});

	it('with the label › warnings and conditions; without it › none', async () => {
		await optIn('opted-in');
		// The API server reads labels and webhook configurations after a short delay, through a watch.
		await eventually(async () => {
			expect((await create('opted-in', '--dry-run=server')).stderr).to.include('stdio-replicas-capped');
		});
		expect(await create('not-opted-in')).to.include({ code: 0, stderr: '' });
		for (const name of excluded) {
			await optIn(name);
			await mustSucceed(create(name));
		}
		await mustSucceed(create('opted-in'));
		await eventually(async () => expect(await conditionsIn('opted-in')).to.have.length(2));
		expect(await conditionsIn('not-opted-in')).to.deep.equal([]);
	});

	it('labelled later › its servers are reconciled; servers in excluded namespaces, in system namespaces and in the product namespace are not', async () => {
		await optIn('not-opted-in');
		await eventually(async () => expect(await conditionsIn('not-opted-in')).to.have.length(2), NOTICED_MS);
		for (const name of excluded) expect(await conditionsIn(name), name).to.deep.equal([]);
	});
});
