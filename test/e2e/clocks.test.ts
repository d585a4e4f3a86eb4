/** Replicas whose wall clocks are wrong by an hour, one ahead and one behind, and one that is right: nothing depends on who leads. */
import { X509Certificate } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { eventually } from '../harness/eventually.ts';
import { serverManifest } from '../harness/namespace.ts';
import { handshake, NS, type Replica, useSelfManaged } from '../harness/self-managed.ts';

const HOUR_MS = 3_600_000;
/** Longer than a Lease. */
const WATCHED_MS = 20_000;
const CHANGED = [
	'authority and certificate made',
	'certificate made',
	'next authority made',
	'certificate in use put back',
	'authority changed',
	'former authority dropped',
	'unusable authority removed',
];

describe('clocks that are wrong by an hour', function () {
	this.timeout(180_000);
	const { plane, start, register, must, secret, caBundles } = useSelfManaged();
	let ahead: Replica;
	let behind: Replica;
	let right: Replica;
	const all = (): Replica[] => [ahead, behind, right];

	const holder = async (): Promise<string> => (await lease()).holderIdentity;
	const lease = async (): Promise<{ holderIdentity: string; renewTime: string; leaseTransitions: number }> =>
		JSON.parse(await must(['get', 'lease', NS, '-n', NS, '-o', 'json'])).spec;
	const changes = (): unknown[] => all().flatMap((one) => CHANGED.flatMap((message) => one.saying(message)));
	const expectServed = async (): Promise<void> => {
		const wanted = String(new X509Certificate((await secret())?.data['tls.crt'] ?? ''));
		for (const bundle of await caBundles())
			for (const { webhookPort } of all()) expect(String(await handshake(webhookPort, bundle))).to.equal(wanted);
		const how = { input: JSON.stringify(serverManifest('MCPServer', 'asked', { transport: 'sse', replicas: 2 })) };
		const { stderr } = await plane().kubectl(['create', '--dry-run=server', '-n', 'default', '-f', '-'], how);
		expect(stderr).to.include('session-storage-missing');
	};
	const expectQuiet = async (): Promise<void> => {
		const before = { secret: (await secret())?.version, changes: changes().length, lease: await lease() };
		const made = Date.now();
		while (Date.now() - made < WATCHED_MS) {
			await expectServed();
			expect(await holder()).to.equal(before.lease.holderIdentity);
			await sleep(1_000);
		}
		expect((await secret())?.version).to.equal(before.secret);
		expect(changes()).to.have.length(before.changes);
		expect((await lease()).leaseTransitions).to.equal(before.lease.leaseTransitions);
		expect((await lease()).renewTime).not.to.equal(before.lease.renewTime);
	};

	it('the one ahead makes the certificates: everybody serves them, and the API server trusts them', async () => {
		ahead = await start({ flags: ['--reconcile=false'], clockAheadMs: HOUR_MS });
		behind = await start({ flags: ['--reconcile=false'], clockAheadMs: -HOUR_MS });
		right = await start({ flags: ['--reconcile=false'] });
		const at = (replica: Replica): number => Number(replica.lines()[0]?.['time']) - Date.now();
		expect(at(ahead)).to.be.above(HOUR_MS - 60_000);
		expect(at(behind)).to.be.below(-HOUR_MS);
		await register(ahead, behind);
		await eventually(expectServed);
	});

	it('nobody takes its Lease, though it is renewed an hour from now; nothing is made anew', async () => {
		expect(Date.parse((await lease()).renewTime) - Date.now()).to.be.closeTo(HOUR_MS, 30_000);
		await expectQuiet();
	});

	it('the one behind leads next: what the one ahead made stays, and its Lease looks an hour old and is not taken', async () => {
		ahead.process.kill('SIGSTOP');
		right.process.kill('SIGSTOP');
		await eventually(async () => expect(behind.saying('leading')).to.have.length(1), 40_000);
		ahead.process.kill('SIGCONT');
		right.process.kill('SIGCONT');
		await register(right, behind);
		await eventually(expectServed);
		expect(Date.parse((await lease()).renewTime) - Date.now()).to.be.closeTo(-HOUR_MS, 30_000);
		await expectQuiet();
		expect(changes()).to.have.length(1);
	});

	it('it mends what somebody spoils, and the others serve that too', async () => {
		await must(['patch', 'secret', `${NS}-certificates`, '-n', NS, '-p', '{"data":{"tls.crt":"aGVsbG8="}}']);
		await eventually(async () => expect(behind.saying('certificate made')).to.have.length(1));
		await eventually(expectServed);
		await expectQuiet();
	});
});
