/** Restarts pods, removes the leader, rotates certificates and evicts pods under load: no call may fail. */
import { expect } from 'chai';
import { eventually } from '../../test/harness/eventually.ts';
import { useCluster } from './harness.ts';
import { expectNoFailures } from './load.ts';
import { getFromPod, NS, type Pod, restart, runningPods, waitForRollout } from './pods.ts';
import { caDueForRotation, expectServed, readSecret, replaceCa } from './secret.ts';

describe('disturbed under load', function () {
	this.timeout(300_000);
	const cluster = useCluster();
	const plane = () => cluster().plane;
	const leader = async (): Promise<string> => {
		const leaders: string[] = [];
		for (const pod of await runningPods(plane())) {
			const metrics = await getFromPod(plane(), pod, '/metrics');
			if (/^thv_scaling_leader 1$/m.test(metrics)) leaders.push(pod.metadata.name);
		}
		expect(leaders, 'leaders').to.have.length(1);
		return leaders[0] ?? '';
	};

	it('a rolling restart › no call fails', () => expectNoFailures(plane(), () => restart(plane())));

	it('the leader is deleted › the other pod becomes the leader, and no call fails', async () => {
		let deleted = '';
		// The previous test restarted the leader, which keeps the Lease until it has drained.
		await eventually(async () => {
			deleted = await leader();
		});
		await expectNoFailures(plane(), async () => {
			await cluster().kubectl('-n', NS, 'delete', 'pod', deleted);
			await eventually(async () => expect(await leader()).not.to.equal(deleted));
			await waitForRollout(plane());
		});
	});

	it('the CA is due › it is rotated, both pods serve a certificate from the new CA, and no call fails', async () => {
		const old = await caDueForRotation();
		await replaceCa(plane(), old);
		await expectNoFailures(plane(), async () => {
			await eventually(async () => expect((await readSecret(plane()))['ca.crt']).not.to.equal(old.cert), 60_000);
			const { 'tls.crt': renewed } = await readSecret(plane());
			await eventually(() => expectServed(plane(), renewed));
		});
	});

	it('both pods are evicted › the PodDisruptionBudget allows one eviction, and no call fails', async () => {
		const pods = await runningPods(plane());
		await waitForRollout(plane());
		const evict = ({ metadata: { name } }: Pod) =>
			plane().kubectl(['create', '--raw', `/api/v1/namespaces/${NS}/pods/${name}/eviction`, '-f', '-'], {
				user: 'admin',
				input: JSON.stringify({ apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace: NS } }),
			});
		await expectNoFailures(plane(), async () => {
			const [first, second] = [await evict(pods[0] as Pod), await evict(pods[1] as Pod)];
			expect(first.code, first.stderr).to.equal(0);
			expect(second.stderr).to.contain("violate the pod's disruption budget");
			await waitForRollout(plane());
		});
	});
});
