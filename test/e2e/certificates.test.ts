/**
 * Certificates that the product issues, on a real API server. The product creates and repairs them, and does not
 * change a Secret that a user created.
 */
import { X509Certificate } from 'node:crypto';
import { expect } from 'chai';
import { CERTIFICATE_SECRET, CERTIFICATE_SECRET_TYPE } from '../../src/api/names.ts';
import { eventually } from '../harness/eventually.ts';
import { NS, type Replica, synced, useSelfManaged } from '../harness/self-managed.ts';

const CREATED = 'serving certificate created';

describe('certificates on a real API server', function () {
	this.timeout(60_000);
	const { start, applyWebhooks, deleteWebhooks, must, secret, writeSecret, caBundles, expectCalled, expectServed } =
		useSelfManaged();
	let first: Replica;
	let second: Replica;

	const stored = async () => (await secret()) ?? expect.fail('no Secret');
	const expectTrusted = async (): Promise<void> => {
		const { data } = await stored();
		for (const bundle of await caBundles()) expect(bundle).to.equal(data['ca.crt']);
	};

	it('no Secret › one leader creates it, both replicas serve its certificate, and the API server calls them', async () => {
		first = await start();
		second = await start();
		const { type, data } = await stored();
		expect(type).to.equal(CERTIFICATE_SECRET_TYPE);
		expect(Object.keys(data)).to.have.members(['ca.crt', 'ca.key', 'tls.crt', 'tls.key']);
		await applyWebhooks(first, second);
		await eventually(expectCalled);
		await expectTrusted();
		await expectServed(first, second);
		const created = [first, second].map((one) => one.log('CA and serving certificate created').length);
		expect(created).to.deep.equal([1, 0]);
		const ends = ['tls.crt', 'ca.crt'] as const;
		const [serving, ca] = ends.map((key) => new X509Certificate(data[key] ?? '').validToDate.getTime() / 1_000);
		for (const replica of [first, second])
			expect(await replica.metrics())
				.to.include(`thv_scaling_certificate_expiry_timestamp_seconds ${serving}\n`)
				.and.include(`thv_scaling_ca_expiry_timestamp_seconds ${ca}\n`);
		for (const label of ['certificate', 'ca'])
			expect(await first.metrics()).to.include(`thv_scaling_certificate_renewals_total{what="${label}"} 1\n`);
	});

	it('the manifests are applied again, and one caBundle is replaced › only that caBundle is written', async () => {
		const { version } = await stored();
		const written = () => first.log('caBundle written').length;
		const before = written();
		await applyWebhooks(first, second);
		await expectTrusted();
		const value = Buffer.from('hello').toString('base64');
		const patch = JSON.stringify([{ op: 'replace', path: '/webhooks/0/clientConfig/caBundle', value }]);
		await must(['patch', 'validatingwebhookconfiguration', NS, '--type=json', '-p', patch]);
		await eventually(expectTrusted);
		await eventually(expectCalled);
		// The program writes its log in batches.
		await eventually(async () => expect(written()).to.equal(before + 1));
		expect((await stored()).version).to.equal(version);
	});

	it('the leader exits › the other replica continues to serve, and repairs the Secret', async () => {
		await applyWebhooks(second);
		first.process.kill('SIGTERM');
		await first.ended;
		await expectCalled();
		const { 'tls.crt': _, ...rest } = (await stored()).data;
		await writeSecret(rest);
		await eventually(async () => expect(second.log(CREATED)).to.have.length(1));
		await eventually(() => expectServed(second));
		await expectCalled();
		expect(JSON.stringify([...first.log(), ...second.log()]), 'a key in a log').not.to.match(/PRIVATE|BEGIN/);
	});

	it('a webhook calls another Service › reported once, and its caBundle stays', async () => {
		const path = '/webhooks/0/clientConfig';
		const patch = [
			{ op: 'replace', path: `${path}/service/name`, value: 'other' },
			{ op: 'replace', path: `${path}/caBundle`, value: Buffer.from('other').toString('base64') },
		];
		await must(['patch', 'validatingwebhookconfiguration', NS, '--type=json', '-p', JSON.stringify(patch)]);
		const message = 'a webhook does not call the Service of toolhive-scaling; its caBundle was not changed';
		expect(await second.logged(message)).to.include({ level: 50, leadsTo: `Service ${NS}/other` });
		await synced(second);
		expect(second.log(message)).to.have.length(1);
		expect(await caBundles()).to.include('other');
	});

	it('a user created a Secret with the same name › not changed and not served; deleted › the product creates its own', async () => {
		await deleteWebhooks();
		await second.kill();
		const { data } = await stored();
		await must(['delete', 'secret', CERTIFICATE_SECRET, '-n', NS]);
		await writeSecret({ 'tls.crt': data['tls.crt'] ?? '', 'tls.key': data['tls.key'] ?? '' }, 'kubernetes.io/tls');
		const { version } = await stored();
		// Starts a replica without a Lease and without a reconciler.
		const replica = await start({ flags: ['--reconcile=false', '--leader-elect=false'], isReady: false });
		await synced(replica);
		expect((await stored()).version).to.equal(version);
		expect(await replica.readyz()).to.include(`certificate: none in Secret ${NS}/`);
		expect(replica.log('certificates cannot be managed')).to.have.length(1);
		expect(await replica.metrics())
			.to.include('thv_scaling_ready 0\n')
			.and.match(/_certificate_sync_total\{result="failed"\} [2-9]\n/);
		await must(['delete', 'secret', CERTIFICATE_SECRET, '-n', NS]);
		await replica.logged('ready');
		expect(await replica.metrics()).to.include('thv_scaling_ready 1\n');
		expect((await stored()).type).to.equal(CERTIFICATE_SECRET_TYPE);
	});
});
