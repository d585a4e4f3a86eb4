/** Three replicas: one clock is an hour ahead, one is an hour behind, and one is right. Any replica can lead. */
import { expect } from 'chai';
import { eventually } from '../harness/eventually.ts';
import { NS, type Replica, useSelfManaged } from '../harness/self-managed.ts';

const HOUR_MS = 3_600_000;
const CHANGES = [
	...['CA and serving certificate created', 'serving certificate created', 'next CA created'],
	...[
		'serving certificate restored from the one in use',
		'next CA promoted to CA',
		'previous CA removed',
		'unusable CA removed',
	],
];

describe('clocks that are wrong by an hour', function () {
	this.timeout(120_000);
	const { start, applyWebhooks, must, secret, expectCalled, expectServed } = useSelfManaged();
	const replicas: Replica[] = [];

	interface Lease {
		readonly holderIdentity: string;
		readonly renewTime: string;
		readonly leaseTransitions: number;
	}
	const lease = async (): Promise<Lease> => JSON.parse(await must(['get', 'lease', NS, '-n', NS, '-o', 'json'])).spec;
	const changes = (): unknown[] => replicas.flatMap((one) => CHANGES.flatMap((message) => one.log(message)));
	const startAhead = async (clockAheadMs: number): Promise<Replica> => {
		const replica = await start({ flags: ['--reconcile=false'], clockAheadMs });
		replicas.push(replica);
		expect(Number(replica.log()[0]?.['time']) - Date.now()).to.be.closeTo(clockAheadMs, 60_000);
		return replica;
	};
	/**
	 * Checks that the leader renews its Lease three times, that no other replica acquires it, and that nothing else is
	 * written.
	 */
	const expectStable = async (leaderAheadMs: number): Promise<void> => {
		await eventually(() => expectServed(...replicas));
		await eventually(expectCalled);
		const before = { secret: (await secret())?.version, changes: changes(), lease: await lease() };
		expect(Date.parse(before.lease.renewTime) - Date.now()).to.be.closeTo(leaderAheadMs, 30_000);
		const renewals = new Set([before.lease.renewTime]);
		await eventually(async () => {
			const { renewTime, ...rest } = await lease();
			const { holderIdentity, leaseTransitions } = before.lease;
			expect(rest).to.include({ holderIdentity, leaseTransitions });
			expect(renewals.add(renewTime).size).to.be.above(3);
		});
		await expectServed(...replicas);
		expect((await secret())?.version).to.equal(before.secret);
		expect(changes()).to.deep.equal(before.changes);
	};

	it('the leader is ahead › every replica serves its certificates, and none acquires a Lease with a future time', async () => {
		await startAhead(HOUR_MS);
		await startAhead(-HOUR_MS);
		await startAhead(0);
		await applyWebhooks(...replicas.slice(0, 2));
		await expectStable(HOUR_MS);
	});

	it('the leader is behind › the certificates stay, and no replica acquires a Lease that looks an hour old', async () => {
		const [ahead, behind, right] = replicas as [Replica, Replica, Replica];
		for (const one of [ahead, right]) {
			one.process.kill('SIGTERM');
			await one.ended;
		}
		await eventually(async () => expect(behind.log('leading')).to.have.length(1), 40_000);
		replicas.splice(0, 3, behind);
		await startAhead(HOUR_MS);
		await startAhead(0);
		await applyWebhooks(...replicas);
		await expectStable(-HOUR_MS);
		expect(changes(), 'no certificate is issued').to.have.length(0);
	});

	it('a client overwrites the certificate › the leader, which is behind, issues another one, and the others serve it', async () => {
		await must(['patch', 'secret', `${NS}-certificates`, '-n', NS, '-p', '{"data":{"tls.crt":"aGVsbG8="}}']);
		await eventually(async () => expect(replicas[0]?.log('serving certificate created')).to.have.length(1));
		await expectStable(-HOUR_MS);
	});
});
