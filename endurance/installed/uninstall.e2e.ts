/** Tests that an uninstallation leaves no object behind, and that servers work without the product. */
import { expect } from 'chai';
import { mustSucceed } from '../../test/harness/product.ts';
import { INSTALLED, useCluster } from './harness.ts';
import { NS } from './pods.ts';

describe(`uninstalled with ${INSTALLED}`, function () {
	this.timeout(240_000);
	const cluster = useCluster();
	before(() => cluster().installation.uninstall());

	it('every resource in the cluster › no object has the name of the product', async () => {
		const { kubectl } = cluster();
		const resources = (await kubectl('api-resources', '--verbs=list', '-o', 'name')).trim().split('\n');
		// Events are ignored, because they expire.
		const listed = resources.filter((resource) => !/^events(\.|$)|metrics\.k8s\.io$/.test(resource));
		const left: string[] = [];
		for (const resource of listed) {
			const names = await kubectl('get', resource, '-A', '-o', 'name', '--ignore-not-found');
			left.push(...names.split('\n').filter((name) => name.split('/').at(-1)?.startsWith(NS)));
		}
		expect(left.filter((name) => !name.endsWith('-e2e'))).to.deep.equal([]);
	});
	it('an MCPServer › can be created, changed and deleted', async () => {
		const { plane, kubectl } = cluster();
		const manifest = { apiVersion: 'toolhive.stacklok.dev/v1beta1', kind: 'MCPServer', metadata: { name: 'alone' } };
		const input = JSON.stringify({ ...manifest, spec: { image: 'example.com/mcp:1' } });
		await mustSucceed(plane.kubectl(['-n', 'default', 'create', '-f', '-'], { input }));
		await kubectl('-n', 'default', 'patch', 'mcpserver', 'alone', '--type=merge', '-p', '{"spec":{"replicas":2}}');
		await kubectl('-n', 'default', 'delete', 'mcpserver', 'alone');
	});
});
