/**
 * Runs after all scenarios in this cluster. Checks the memory and the log, and compares the granted permissions with
 * the calls.
 */
import { expect } from 'chai';
import { USERS } from '../../test/harness/control-plane/credentials.ts';
import { callsIn, comparePermissions } from '../../test/harness/permissions.ts';
import { linesOf } from '../../test/harness/program.ts';
import { useCluster } from './harness.ts';
import { getFromPod, NS, runningPods } from './pods.ts';

/** The number that pino uses for the level `error`. */
const LEVEL_ERROR = 50;
const USER = USERS.webhook.name;

describe('after all scenarios', function () {
	this.timeout(60_000);
	const cluster = useCluster();

	it('memory › is below half of the limit, and no container was OOMKilled', async () => {
		const { plane } = cluster();
		for (const pod of await runningPods(plane)) {
			const limitMib = Number(/^(\d+)Mi$/.exec(pod.spec.containers[0]?.resources.limits.memory ?? '')?.[1]);
			const metrics = await getFromPod(plane, pod, '/metrics');
			const mib = Math.round(Number(/^process_resident_memory_bytes (\d+)/m.exec(metrics)?.[1]) / 2 ** 20);
			process.stdout.write(`      ${mib} of ${limitMib} MiB\n`);
			expect(mib).to.be.below(limitMib / 2);
			expect(pod.status.containerStatuses[0]?.lastState.terminated?.reason).not.to.equal('OOMKilled');
		}
	});
	it('the log › has no errors', async () => {
		for (const { metadata } of await runningPods(cluster().plane)) {
			const lines = linesOf(await cluster().kubectl('-n', NS, 'logs', metadata.name));
			expect(lines.filter(({ level }) => Number(level) >= LEVEL_ERROR)).to.deep.equal([]);
		}
	});
});

describe('permissions in a cluster, compared with its audit log', function () {
	this.timeout(60_000);
	const cluster = useCluster();
	before(function () {
		if (process.env['AUDIT_LOG'] === undefined) this.skip();
	});

	it('all calls › no permission is missing, and every permission is used', async () => {
		const { plane, installation } = cluster();
		const comparison = comparePermissions(plane.auditLog(), await installation.objects(), USER);
		expect(comparison).to.deep.equal({ unused: [], missing: [] });
	});
	it('calls for Secrets › only for the Secret of the product', () => {
		const calls = callsIn(cluster().plane.auditLog(), USER).filter(({ resource }) => resource.startsWith('secrets'));
		const secrets = new Set(calls.map(({ namespace, name }) => `${namespace} ${name ?? 'made'}`));
		expect([...secrets]).to.have.members([`${NS} ${NS}-certificates`]);
	});
});
