/** Replicas whose wall clocks are wrong by an hour, one ahead and one behind, and one that is right: nothing depends on which leads. */
import { X509Certificate } from 'node:crypto';
import { expect } from 'chai';
import { eventually } from '../harness/eventually.ts';
import { handshake, NS, type Replica, useSelfManaged } from '../harness/self-managed.ts';

const HOUR_MS = 3_600_000;
const FLAGS = ['--reconcile=false'];
const CHANGED = [
	...[
		'CA and serving certificate created',
		'serving certificate created',
		'next CA created',
		'serving certificate restored from the one in use',
	],
	...['next CA promoted to CA', 'previous CA removed', 'unusable CA removed'],
];

describe('clocks that are wrong by an hour', function () {
	this.timeout(120_000);
	const { start, register, must, secret, caBundles, expectCalled } = useSelfManaged();
	const replicas: Replica[] = [];

	interface Lease {
		readonly holderIdentity: string;
		readonly renewTime: string;
		readonly leaseTransitions: number;
	}
	const lease = async (): Promise<Lease> => JSON.parse(await must(['get', 'lease', NS, '-n', NS, '-o', 'json'])).spec;
	const changes = (): unknown[] => replicas.flatMap((one) => CHANGED.flatMap((message) => one.saying(message)));
	const startAhead = async (clockAheadMs: number): Promise<Replica> => {
		const replica = await start({ flags: FLAGS, clockAheadMs });
		replicas.push(replica);
		expect(Number(replica.lines()[0]?.['time']) - Date.now()).to.be.closeTo(clockAheadMs, 60_000);
		return replica;
	};
	const expectServed = async (): Promise<void> => {
		const wanted = String(new X509Certificate((await secret())?.data['tls.crt'] ?? ''));
		for (const bundle of await caBundles())
			for (const { webhookPort } of replicas) expect(String(await handshake(webhookPort, bundle))).to.equal(wanted);
		await expectCalled();
	};
	/** For as long as the leader takes to renew its Lease three times: another client that believed its clock would have taken it. */
	const expectQuiet = async (): Promise<void> => {
		const before = { secret: (await secret())?.version, changes: changes().length, lease: await lease() };
		const renewals = new Set([before.lease.renewTime]);
		await eventually(async () => {
			const { holderIdentity, leaseTransitions, renewTime } = await lease();
			expect([holderIdentity, leaseTransitions]).to.deep.equal([
				...[before.lease.holderIdentity, before.lease.leaseTransitions],
			]);
			expect(renewals.add(renewTime).size).to.be.above(3);
		});
		await expectServed();
		expect((await secret())?.version).to.equal(before.secret);
		expect(changes()).to.have.length(before.changes);
	};
	const renewedAheadMs = async (): Promise<number> => Date.parse((await lease()).renewTime) - Date.now();

	it('the one ahead leads › every replica serves its certificates, and none takes a Lease of the future', async () => {
		const ahead = await startAhead(HOUR_MS);
		const behind = await startAhead(-HOUR_MS);
		await startAhead(0);
		await register(ahead, behind);
		await eventually(expectServed);
		expect(await renewedAheadMs()).to.be.closeTo(HOUR_MS, 30_000);
		await expectQuiet();
	});

	it('the one behind leads › the certificates stay, and none takes a Lease that looks an hour old', async () => {
		const [ahead, behind, right] = replicas as [Replica, Replica, Replica];
		for (const one of [ahead, right]) {
			one.process.kill('SIGTERM');
			await one.ended;
		}
		await eventually(async () => expect(behind.saying('leading')).to.have.length(1), 40_000);
		replicas.splice(0, 3, behind);
		const others = [await startAhead(HOUR_MS), await startAhead(0)];
		await register(behind, ...others);
		await eventually(expectServed);
		expect(await renewedAheadMs()).to.be.closeTo(-HOUR_MS, 30_000);
		await expectQuiet();
		expect(changes(), 'nothing is made again').to.have.length(0);
	});

	it('the one behind fixes what somebody spoils › the others serve that too', async () => {
		await must(['patch', 'secret', `${NS}-certificates`, '-n', NS, '-p', '{"data":{"tls.crt":"aGVsbG8="}}']);
		await eventually(async () => expect(replicas[0]?.saying('serving certificate created')).to.have.length(1));
		await eventually(expectServed);
		await expectQuiet();
	});
});
