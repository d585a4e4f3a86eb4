/** After everything that was asked of it in this cluster: what it used, what it said, and that its rights are those that it used. */
import { expect } from 'chai';
import { USERS } from '../../test/harness/control-plane/credentials.ts';
import { callsIn, comparePermissions } from '../../test/harness/permissions.ts';
import { mustSucceed } from '../../test/harness/product.ts';
import { linesOf } from '../../test/harness/program.ts';
import { needCluster } from './harness.ts';
import { askPod, NS, podsOf } from './installation.ts';

/** pino's number for it. */
const ERROR = 50;

describe('after all of it', function () {
	this.timeout(60_000);
	const cluster = needCluster();

	it('memory is far below its limit, and nobody was killed for it', async () => {
		const { plane } = cluster();
		for (const { metadata, spec, status } of await podsOf(plane)) {
			const limitMib = Number(/^(\d+)Mi$/.exec(spec.containers[0]?.resources.limits.memory ?? '')?.[1]);
			const bytes = /^process_resident_memory_bytes (\d+)/m.exec(await askPod(plane, metadata.name, '/metrics'))?.[1];
			const mib = Math.round(Number(bytes) / 2 ** 20);
			process.stdout.write(`      ${mib} of ${limitMib} MiB\n`);
			expect(mib).to.be.below(limitMib / 2);
			expect(status.containerStatuses[0]?.lastState.terminated?.reason).not.to.equal('OOMKilled');
		}
	});

	it('no error was logged', async () => {
		for (const { metadata } of await podsOf(cluster().plane)) {
			const { stdout } = await mustSucceed(cluster().plane.kubectl(['-n', NS, 'logs', metadata.name]));
			expect(linesOf(stdout).filter(({ level }) => Number(level) >= ERROR)).to.deep.equal([]);
		}
	});
});

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
		expect(comparePermissions(plane.auditLog(), objects, us)).to.deep.equal({ unused: [], missing: [] });
	});
	it('of Secrets only ours was touched', () => {
		const touched = callsIn(cluster().plane.auditLog(), us).filter(({ resource }) => resource.startsWith('secrets'));
		const places = new Set(touched.map(({ namespace, name }) => `${namespace} ${name ?? 'made'}`));
		expect([...places]).to.have.members([`${NS} ${NS}-certificates`]);
	});
});
