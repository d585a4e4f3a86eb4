/** Tests that an uninstallation leaves no object behind, so that servers work without the product. */
import { expect } from 'chai';
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
});
