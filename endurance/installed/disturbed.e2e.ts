/**
 * Restarts pods, removes the leader and rotates certificates under load: no call may fail. Then tests a process that
 * hangs.
 */
import { expect } from 'chai';
import { DAY_MS } from '../../src/certificates/lifetimes.ts';
import { asCa, asTls, servingFor } from '../../test/harness/certificates.ts';
import { eventually } from '../../test/harness/eventually.ts';
import { useCluster } from './harness.ts';
import { waitForWebhooks } from './installation.ts';
import { expectNoFailures } from './load.ts';
import {
	getFromPod,
	NS,
	type Pod,
	readyCondition,
	restart,
	runInPod,
	runningPods,
	WEBHOOKS,
	waitForRollout,
} from './pods.ts';
import { caDueForRotation, expectServed, readSecret, replaceCa, replaceSecret } from './secret.ts';

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

	it('the serving certificate is due › both pods serve a new one from the same CA, and no call fails', async () => {
		const { 'ca.crt': cert = '', 'ca.key': key = '' } = await readSecret(plane());
		const due = await servingFor({ cert, key }, 0, { now: new Date(Date.now() - 61 * DAY_MS) });
		await expectNoFailures(plane(), async () => {
			await replaceSecret(plane(), { ...asCa({ cert, key }), ...asTls(due) });
			await eventually(async () => expect((await readSecret(plane()))['tls.crt']).not.to.equal(due.cert));
			const renewed = await readSecret(plane());
			expect(renewed['ca.crt']).to.equal(cert);
			await eventually(() => expectServed(plane(), renewed['tls.crt']));
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

	it('a caBundle is removed › it is restored within seconds', async () => {
		const patch = JSON.stringify([{ op: 'remove', path: '/webhooks/0/clientConfig/caBundle' }]);
		for (const kind of WEBHOOKS.split(',')) await cluster().kubectl('patch', kind, NS, '--type=json', '-p', patch);
		const startedMs = performance.now();
		await waitForWebhooks(plane());
		process.stdout.write(`      ${Math.round((performance.now() - startedMs) / 100) / 10} s\n`);
	});

	it('a process hangs › its pod becomes unready, is restarted, and becomes ready', async () => {
		const [pod] = (await runningPods(plane())) as [Pod];
		const current = async (): Promise<Pod | undefined> =>
			(await runningPods(plane())).find(({ metadata }) => metadata.name === pod.metadata.name);
		const ready = async (): Promise<string | undefined> => readyCondition((await current()) ?? pod)?.status;
		await runInPod(plane(), pod, HANG);
		const startedMs = performance.now();
		const print = (what: string): void =>
			void process.stdout.write(`      ${what} after ${Math.round((performance.now() - startedMs) / 1000)} s\n`);
		await eventually(async () => expect(await ready()).to.equal('False'), 60_000);
		print('not ready');
		await eventually(
			async () => expect((await current())?.status.containerStatuses[0]?.restartCount).to.equal(1),
			120_000,
		);
		print('restarted');
		await eventually(async () => expect(await ready()).to.equal('True'), 60_000);
		expect(await cluster().kubectl('-n', NS, 'get', 'events')).to.contain('Liveness probe failed');
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

/**
 * A signal from inside the pod cannot stop its first process. The inspector can: the script makes it run an endless
 * loop.
 */
const HANG = `process.kill(1, 'SIGUSR1');
	const hang = async () => {
		const [{ webSocketDebuggerUrl }] = await (await fetch('http://127.0.0.1:9229/json/list')).json();
		const socket = new WebSocket(webSocketDebuggerUrl);
		socket.onopen = () => {
			socket.send(JSON.stringify({ id: 1, method: 'Runtime.evaluate', params: { expression: 'for (;;);' } }));
			setTimeout(() => process.exit(), 500);
		};
	};
	const retry = () => hang().catch(() => setTimeout(retry, 100));
	retry();`;
