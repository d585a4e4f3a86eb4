/** The way out: nothing of ours is left, and nobody waits for us. */
import { expect } from 'chai';
import { mustSucceed } from '../../test/harness/product.ts';
import { INSTALLED, needCluster } from './harness.ts';
import { NS } from './installation.ts';

describe(`uninstalled by ${INSTALLED}`, function () {
	this.timeout(240_000);
	const cluster = needCluster();
	const kubectl = async (...args: string[]): Promise<string> =>
		(await mustSucceed(cluster().plane.kubectl(args, { user: 'admin', timeoutMs: 120_000 }))).stdout;

	before(() => cluster().installation.uninstall());

	it('leaves no object that carries our name, in any resource of the cluster', async () => {
		const resources = (await kubectl('api-resources', '--verbs=list', '-o', 'name')).trim().split('\n');
		// What is told about a thing that is gone goes by itself.
		const asked = resources.filter((resource) => !/^events(\.|$)|metrics\.k8s\.io$/.test(resource));
		const left: string[] = [];
		for (const resource of asked) {
			const names = await kubectl('get', resource, '-A', '-o', 'name', '--ignore-not-found');
			left.push(...names.split('\n').filter((name) => name.split('/').at(-1)?.startsWith(NS)));
		}
		expect(left.filter((name) => !name.endsWith('-e2e'))).to.deep.equal([]);
	});

	it('servers can be made, changed and deleted without us', async () => {
		const manifest = { apiVersion: 'toolhive.stacklok.dev/v1beta1', kind: 'MCPServer', metadata: { name: 'alone' } };
		const input = JSON.stringify({ ...manifest, spec: { image: 'example.com/mcp:1' } });
		await mustSucceed(cluster().plane.kubectl(['-n', 'default', 'create', '-f', '-'], { input }));
		await kubectl('-n', 'default', 'patch', 'mcpserver', 'alone', '--type=merge', '-p', '{"spec":{"replicas":2}}');
		await kubectl('-n', 'default', 'delete', 'mcpserver', 'alone');
	});
});
