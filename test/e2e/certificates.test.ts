/** Certificates of our own on a real API server: made from nothing, mended when somebody spoils them, and nobody else's touched. */
import { X509Certificate } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { CERTIFICATE_SECRET, CERTIFICATE_SECRET_TYPE } from '../../src/api/names.ts';
import { issueCa, issueServing } from '../../src/certificates/issue.ts';
import type { SecretData } from '../../src/certificates/secret-data.ts';
import { asTls, HOSTS } from '../harness/certificates.ts';
import { eventually } from '../harness/eventually.ts';
import { serverManifest } from '../harness/namespace.ts';
import { get } from '../harness/program.ts';
import { HOST, handshake, NS, type Replica, useSelfManaged } from '../harness/self-managed.ts';

const DAY_MS = 86_400_000;
const OURS = '--reconcile=false';

describe('certificates of our own on a real API server', function () {
	this.timeout(120_000);
	const { plane, start, register, unregister, must, secret, plant, caBundles } = useSelfManaged();
	let first: Replica;
	let second: Replica;

	/** The validating webhook was asked: nobody else warns like this. */
	const expectAsked = async (): Promise<void> => {
		const server = serverManifest('MCPServer', 'asked', { transport: 'sse', replicas: 2 });
		const { code, stderr } = await plane().kubectl(['create', '--dry-run=server', '-f', '-'], {
			input: JSON.stringify(server),
		});
		expect(stderr).to.include('session-storage-missing');
		expect(code).to.equal(0);
	};
	const restored = async (): Promise<void> => {
		const { data } = (await secret()) ?? expect.fail('no Secret');
		for (const bundle of await caBundles()) expect(bundle).to.equal(data['ca.crt']);
	};

	it('from nothing: one leader makes them, both replicas serve them, kubectl gets through', async () => {
		first = await start();
		second = await start();
		const stored = await secret();
		expect(stored?.type).to.equal(CERTIFICATE_SECRET_TYPE);
		expect(Object.keys(stored?.data ?? {})).to.have.members(['ca.crt', 'ca.key', 'tls.crt', 'tls.key']);
		await register(first, second);
		await eventually(expectAsked);
		await restored();
		const shown = await Promise.all(
			[first, second].map((one) => handshake(one.webhookPort, stored?.data['ca.crt'] ?? '')),
		);
		for (const one of shown) expect(String(one)).to.equal(String(new X509Certificate(stored?.data['tls.crt'] ?? '')));
		expect(first.saying('authority and certificate made')).to.have.length(1);
		expect(second.saying('authority and certificate made')).to.have.length(0);
	});

	it('for five years and ninety days, P-256, for the names of the Service and no other', async () => {
		const { data } = (await secret()) ?? expect.fail('no Secret');
		const [ca, leaf] = [new X509Certificate(data['ca.crt'] ?? ''), new X509Certificate(data['tls.crt'] ?? '')];
		const days = (one: X509Certificate): number => Math.round((one.validToDate.getTime() - Date.now()) / DAY_MS);
		expect([days(ca), days(leaf)]).to.deep.equal([5 * 365, 90]);
		expect(leaf.publicKey.asymmetricKeyDetails).to.deep.equal({ namedCurve: 'prime256v1' });
		expect(leaf.subjectAltName).to.equal(`DNS:${HOST}, DNS:${HOST}.cluster.local`);
		expect(leaf.validFromDate.getTime()).to.be.closeTo(Date.now() - DAY_MS, 60_000);
	});

	it('says when they end, and that this replica made them', async () => {
		const { data } = (await secret()) ?? expect.fail('no Secret');
		for (const replica of [first, second]) {
			const { body } = await get(replica.metricsPort, '/metrics');
			const ends = (key: 'ca.crt' | 'tls.crt'): number =>
				new X509Certificate(data[key] ?? '').validToDate.getTime() / 1000;
			expect(body).to.include(`thv_scaling_certificate_expiry_timestamp_seconds ${ends('tls.crt')}\n`);
			expect(body).to.include(`thv_scaling_authority_expiry_timestamp_seconds ${ends('ca.crt')}\n`);
		}
		const { body } = await get(first.metricsPort, '/metrics');
		expect(body).to.include('thv_scaling_certificate_renewals_total{what="certificate"} 1\n');
		expect(body).to.include('thv_scaling_certificate_renewals_total{what="authority"} 1\n');
	});

	it('when all is right, nothing is written, and applying the manifests again takes no caBundle away', async () => {
		const versions = async (): Promise<unknown[]> => [(await secret())?.version, ...(await caBundles())];
		const before = await versions();
		await register(first, second);
		await sleep(12_000);
		expect(await versions()).to.deep.equal(before);
		expect(first.saying('caBundle written').length).to.be.at.most(2);
	});

	it('a caBundle that somebody emptied comes back, and one that somebody spoilt', async () => {
		for (const value of ['', Buffer.from('hello').toString('base64')]) {
			const patch = [{ op: 'replace', path: '/webhooks/0/clientConfig/caBundle', value }];
			const spoil = ['patch', 'validatingwebhookconfiguration', NS, '--type=json', '-p', JSON.stringify(patch)];
			await must(spoil);
			await eventually(restored);
		}
		await eventually(expectAsked);
	});

	const now = new Date(Date.now() - 100 * DAY_MS);
	const theirs = async (): Promise<SecretData> => asTls(await issueServing(await issueCa(), { hosts: HOSTS }));
	for (const { what, spoil, reason } of [
		{ what: 'half a pair', spoil: () => ({ 'tls.key': '' }), reason: 'half of the pair is missing' },
		{
			what: 'two halves of two pairs',
			spoil: async () => ({ 'tls.key': (await theirs())['tls.key'] ?? '' }),
			reason: 'certificate and key do not belong together',
		},
		{
			what: 'one that has ended',
			spoil: async () => asTls(await issueServing(await issueCa({ now }), { hosts: HOSTS, now })),
			reason: 'the certificate has ended',
		},
		{ what: 'one of another authority', spoil: theirs, reason: 'the certificate is of another authority' },
	])
		it(`${what} in the Secret: replaced, and said why`, () => expectMended(spoil, reason));

	async function expectMended(spoil: () => SecretData | Promise<SecretData>, reason: string): Promise<void> {
		const { data } = (await secret()) ?? expect.fail('no Secret');
		const made = first.saying('certificate made').length;
		await plant({ ...data, ...(await spoil()) });
		await eventually(async () => expect(first.saying('certificate made')).to.have.length(made + 1));
		expect(first.saying('certificate made').at(-1)).to.include({ reason });
		const mended = (await secret()) ?? expect.fail('no Secret');
		expect(mended.data['ca.crt']).to.equal(data['ca.crt']);
		const serials = async (): Promise<unknown[]> =>
			Promise.all([first, second].map(async (one) => String(await handshake(one.webhookPort, data['ca.crt'] ?? ''))));
		const wanted = String(new X509Certificate(mended.data['tls.crt'] ?? ''));
		await eventually(async () => expect(await serials()).to.deep.equal([wanted, wanted]));
		await expectAsked();
	}

	it('never a key in a log', () => {
		const said = JSON.stringify([...first.lines(), ...second.lines()]);
		expect(said).not.to.match(/PRIVATE|BEGIN/);
	});

	it('SIGKILL of the leader: the other one serves on, and mends the next damage', async () => {
		first.process.kill('SIGKILL');
		await register(second);
		await expectAsked();
		const { data } = (await secret()) ?? expect.fail('no Secret');
		const { 'tls.crt': _gone, ...rest } = data;
		await plant(rest);
		await eventually(async () => expect(second.saying('certificate made')).to.have.length(1), 40_000);
		await expectAsked();
	});

	it('another installation: makes its own, says whose the registrations are, and leaves them alone', async () => {
		await must(['create', 'namespace', 'elsewhere']);
		const config = JSON.parse(readFileSync(plane().kubeconfig('operator'), 'utf8'));
		config.contexts[0].context.namespace = 'elsewhere';
		const kubeconfig = join(plane().dataFolder, 'elsewhere.kubeconfig');
		writeFileSync(kubeconfig, JSON.stringify(config));
		const before = await caBundles();
		const theirs = await start({ kubeconfig, flags: [OURS] });
		const told = theirs.saying('webhook does not lead to our Service, its caBundle is left alone');
		expect(told).to.have.length(before.length);
		expect(told[0]).to.include({ leadsTo: `Service ${NS}/${NS}` });
		await sleep(7_000);
		expect(await caBundles()).to.deep.equal(before);
		expect((await secret('elsewhere'))?.data['ca.crt']).not.to.equal((await secret())?.data['ca.crt']);
		expect(theirs.saying('webhook does not lead to our Service, its caBundle is left alone')).to.have.length(
			before.length,
		);
		await theirs.kill();
		rmSync(kubeconfig);
		await expectAsked();
	});

	it("somebody's own Secret under that name is never touched, and not served", async () => {
		await unregister();
		await second.kill();
		const { data } = (await secret()) ?? expect.fail('no Secret');
		await must(['delete', 'secret', CERTIFICATE_SECRET, '-n', NS]);
		await plant({ 'tls.crt': data['tls.crt'] ?? '', 'tls.key': data['tls.key'] ?? '' }, 'kubernetes.io/tls');
		const before = (await secret())?.version;
		const replica = await start({ flags: [OURS, '--leader-elect=false'], isReady: false });
		await replica.said('certificates cannot be managed');
		await sleep(7_000);
		expect((await secret())?.version).to.equal(before);
		expect((await get(replica.metricsPort, '/readyz')).body).to.include(`certificate: none in Secret ${NS}/`);
		expect(replica.saying('certificates cannot be managed')).to.have.length(1);
		const { body } = await get(replica.metricsPort, '/metrics');
		expect(body)
			.to.include('thv_scaling_ready 0\n')
			.and.match(/_certificate_upkeep_total\{result="failed"\} [2-9]\n/);
		// Taken away, ours is made without a restart, without a Lease and without a reconciler.
		await must(['delete', 'secret', CERTIFICATE_SECRET, '-n', NS]);
		await replica.said('ready');
		expect((await get(replica.metricsPort, '/metrics')).body).to.include('thv_scaling_ready 1\n');
		expect((await secret())?.type).to.equal(CERTIFICATE_SECRET_TYPE);
		await replica.kill();
	});
});
