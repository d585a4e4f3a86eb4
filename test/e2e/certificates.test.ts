/** Certificates of our own on a real API server: made from nothing, fixed when somebody spoils them, and no Secret of others touched. */
import { X509Certificate } from 'node:crypto';
import { expect } from 'chai';
import { CERTIFICATE_SECRET, CERTIFICATE_SECRET_TYPE } from '../../src/api/names.ts';
import { issueCa, issueServing } from '../../src/certificates/issue.ts';
import { asTls, HOSTS } from '../harness/certificates.ts';
import { eventually } from '../harness/eventually.ts';
import { get } from '../harness/program.ts';
import { HOST, handshake, NS, type Replica, synced, useSelfManaged } from '../harness/self-managed.ts';

const DAY_MS = 86_400_000;
const MADE = 'CA and serving certificate created';
const FAILED = 'certificates cannot be managed';

describe('certificates of our own on a real API server', function () {
	this.timeout(60_000);
	const { start, register, unregister, must, secret, plant, caBundles, expectCalled } = useSelfManaged();
	let first: Replica;
	let second: Replica;

	const stored = async () => (await secret()) ?? expect.fail('no Secret');
	const metrics = async ({ metricsPort }: Replica): Promise<string> => (await get(metricsPort, '/metrics')).body;
	const expectTrusted = async (): Promise<void> => {
		const { data } = await stored();
		for (const bundle of await caBundles()) expect(bundle).to.equal(data['ca.crt']);
	};
	const expectServed = async (...replicas: readonly Replica[]): Promise<void> => {
		const { data } = await stored();
		for (const { webhookPort } of replicas)
			expect(String(await handshake(webhookPort, data['ca.crt'] ?? ''))).to.equal(
				String(new X509Certificate(data['tls.crt'] ?? '')),
			);
	};

	it('nothing is there › one leader makes them, both replicas serve them, kubectl gets through', async () => {
		first = await start();
		second = await start();
		const { type, data } = await stored();
		expect(type).to.equal(CERTIFICATE_SECRET_TYPE);
		expect(Object.keys(data)).to.have.members(['ca.crt', 'ca.key', 'tls.crt', 'tls.key']);
		await register(first, second);
		await eventually(expectCalled);
		await expectTrusted();
		await expectServed(first, second);
		expect([first.saying(MADE).length, second.saying(MADE).length]).to.deep.equal([1, 0]);
	});

	it('what was made › five years and ninety days, P-256, the names of the Service, and when they end is a metric', async () => {
		const { data } = await stored();
		const [ca, leaf] = [new X509Certificate(data['ca.crt'] ?? ''), new X509Certificate(data['tls.crt'] ?? '')];
		const days = (one: X509Certificate): number => Math.round((one.validToDate.getTime() - Date.now()) / DAY_MS);
		expect([days(ca), days(leaf)]).to.deep.equal([5 * 365, 90]);
		expect(leaf.publicKey.asymmetricKeyDetails).to.deep.equal({ namedCurve: 'prime256v1' });
		expect(leaf.subjectAltName).to.equal(`DNS:${HOST}, DNS:${HOST}.cluster.local`);
		expect(leaf.validFromDate.getTime()).to.be.closeTo(Date.now() - DAY_MS, 60_000);
		const ends = (one: X509Certificate): number => one.validToDate.getTime() / 1_000;
		for (const replica of [first, second])
			expect(await metrics(replica))
				.to.include(`thv_scaling_certificate_expiry_timestamp_seconds ${ends(leaf)}\n`)
				.and.include(`thv_scaling_ca_expiry_timestamp_seconds ${ends(ca)}\n`);
		for (const what of ['certificate', 'ca'])
			expect(await metrics(first)).to.include(`thv_scaling_certificate_renewals_total{what="${what}"} 1\n`);
	});

	it('the manifests are applied again, one caBundle is spoilt › only that one is written', async () => {
		const { version } = await stored();
		const written = () => first.saying('caBundle written').length;
		const before = written();
		await register(first, second);
		await expectTrusted();
		const value = Buffer.from('hello').toString('base64');
		const patch = JSON.stringify([{ op: 'replace', path: '/webhooks/0/clientConfig/caBundle', value }]);
		await must(['patch', 'validatingwebhookconfiguration', NS, '--type=json', '-p', patch]);
		await eventually(expectTrusted);
		await eventually(expectCalled);
		// The log is written in batches.
		await eventually(async () => expect(written()).to.equal(before + 1));
		expect((await stored()).version).to.equal(version);
	});

	it('a certificate of another CA in the Secret › replaced, with the reason, and both replicas serve the new one', async () => {
		const { data } = await stored();
		await plant({ ...data, ...asTls(await issueServing(await issueCa(), { hosts: HOSTS })) });
		await eventually(async () => expect(first.saying('serving certificate created')).to.have.length(1));
		expect(first.saying('serving certificate created')[0]).to.include({ reason: 'another CA issued the certificate' });
		expect((await stored()).data['ca.crt']).to.equal(data['ca.crt']);
		await eventually(() => expectServed(first, second));
		await expectCalled();
	});

	it('the leader ends › the other one continues to serve, and fixes the next damage', async () => {
		await register(second);
		first.process.kill('SIGTERM');
		await first.ended;
		await expectCalled();
		const { 'tls.crt': _gone, ...rest } = (await stored()).data;
		await plant(rest);
		await eventually(async () => expect(second.saying('serving certificate created')).to.have.length(1));
		await expectCalled();
		expect(JSON.stringify([...first.lines(), ...second.lines()]), 'a key in a log').not.to.match(/PRIVATE|BEGIN/);
	});

	it('a Secret of that name that a user made › never changed and not served; when it is deleted, ours is made', async () => {
		await unregister();
		await second.kill();
		const { data } = await stored();
		await must(['delete', 'secret', CERTIFICATE_SECRET, '-n', NS]);
		await plant({ 'tls.crt': data['tls.crt'] ?? '', 'tls.key': data['tls.key'] ?? '' }, 'kubernetes.io/tls');
		const { version } = await stored();
		// Without a Lease and without a reconciler.
		const replica = await start({ flags: ['--reconcile=false', '--leader-elect=false'], isReady: false });
		await synced(replica);
		expect((await stored()).version).to.equal(version);
		expect((await get(replica.metricsPort, '/readyz')).body).to.include(`certificate: none in Secret ${NS}/`);
		expect(replica.saying(FAILED)).to.have.length(1);
		expect(await metrics(replica))
			.to.include('thv_scaling_ready 0\n')
			.and.match(/_certificate_sync_total\{result="failed"\} [2-9]\n/);
		await must(['delete', 'secret', CERTIFICATE_SECRET, '-n', NS]);
		await replica.said('ready');
		expect(await metrics(replica)).to.include('thv_scaling_ready 1\n');
		expect((await stored()).type).to.equal(CERTIFICATE_SECRET_TYPE);
	});
});
