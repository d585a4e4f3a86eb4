/** After everything that was asked of it in this cluster: the rights that were granted are those that were used. */
import { expect } from 'chai';
import { USERS } from '../control-plane/credentials.ts';
import { callsOf, compareRights } from '../manifests/rights.ts';
import { NS } from './installation.ts';
import { needCluster } from './stage.ts';

describe('rights in a cluster, by its audit log', function () {
	this.timeout(60_000);
	const cluster = needCluster();
	const us = USERS.webhook.name;

	before(function () {
		if (process.env['AUDIT_LOG'] === undefined) this.skip();
	});
	it('nothing is unused, nothing is missing', async () => {
		const { plane, installation } = cluster();
		const objects = await installation.objects();
		expect(compareRights(plane.auditLog(), objects, us)).to.deep.equal({ unused: [], missing: [] });
	});
	it('of Secrets only ours was touched', () => {
		const touched = callsOf(cluster().plane.auditLog(), us).filter(({ resource }) => resource.startsWith('secrets'));
		const places = new Set(touched.map(({ namespace, name }) => `${namespace} ${name ?? 'made'}`));
		expect([...places]).to.have.members([`${NS} ${NS}-certificates`]);
	});
});
