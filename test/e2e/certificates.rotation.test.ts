/** A new CA, a new serving certificate and a lost Secret, while the API server and other clients keep calling. */
import { X509Certificate } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { after, before } from 'mocha';
import { SETTLE_MS } from '../../src/certificates/lifetimes.ts';
import type { KeyPair } from '../../src/certificates/secret-data.ts';
import { type Api, openApi } from '../harness/api.ts';
import { asCa, asTls, authority, servingFor } from '../harness/certificates.ts';
import { eventually } from '../harness/eventually.ts';
import { serverManifest } from '../harness/namespace.ts';
import { handshake, type Replica, useSelfManaged } from '../harness/self-managed.ts';

const SERVERS = '/apis/toolhive.stacklok.dev/v1beta1/namespaces/default/mcpservers?dryRun=All';
/** An API server that hears of a new caBundle this late must not be refused. */
const LAG_MS = 5_000;

interface Calls {
	readonly made: { asked: number; shaken: number };
	readonly failed: string[];
	readonly stop: () => Promise<void>;
}

describe('certificates change on a real API server', function () {
	this.timeout(180_000);
	let api: Api;
	let calls: Calls;
	// Before the hook that ends the replicas.
	after(async () => {
		await calls?.stop();
		api?.close();
	});
	const { plane, start, register, secret, plant, caBundles } = useSelfManaged();
	const nowMs = Date.now();
	const replicas: Replica[] = [];
	let old: KeyPair;

	/** Asks without end: the API server, which keeps its connections, and both replicas with a new connection each time. */
	function callOn(): Calls {
		const made = { asked: 0, shaken: 0 };
		const failed: string[] = [];
		const seen: { bundle: string; atMs: number }[] = [];
		let isStopped = false;
		const repeat = async (pauseMs: number, once: () => Promise<void>): Promise<void> => {
			while (!isStopped) {
				await once().catch((error: Error) => void failed.push(error.message));
				await sleep(pauseMs);
			}
		};
		const body = serverManifest('MCPServer', 'asked', { transport: 'sse', replicas: 2 });
		const loops = [
			repeat(20, async () => {
				const { status, warnings, body: answer } = await api.send('POST', SERVERS, { body });
				made.asked += 1;
				if (status !== 201 || warnings.length === 0) failed.push(`${status} ${JSON.stringify(answer)}`);
			}),
			repeat(250, async () => void seen.push({ bundle: (await caBundles())[0] ?? '', atMs: performance.now() })),
			...replicas.map(({ webhookPort }) =>
				repeat(50, async () => {
					const known = seen.findLast(({ atMs }) => atMs < performance.now() - LAG_MS) ?? seen[0];
					if (known === undefined) return;
					const shown = await handshake(webhookPort, known.bundle);
					made.shaken += 1;
					if (typeof shown === 'string') failed.push(`handshake: ${shown}`);
				}),
			),
		];
		const stop = async (): Promise<void> => {
			isStopped = true;
			await Promise.all(loops);
		};
		return { made, failed, stop };
	}
	const said = (message: string): number => replicas.flatMap((one) => one.saying(message)).length;
	const stored = async () => (await secret())?.data ?? expect.fail('no Secret');
	const expectServed = (cert: string | undefined): Promise<void> =>
		eventually(async () => {
			const bundle = (await caBundles())[0] ?? '';
			for (const { webhookPort } of replicas)
				expect(String(await handshake(webhookPort, bundle))).to.equal(String(new X509Certificate(cert ?? '')));
		});
	const expectBundle = (...certs: (string | undefined)[]): Promise<void> =>
		eventually(async () => {
			// In whatever order: one that holds the right ones is left as it is.
			for (const bundle of await caBundles())
				expect(new Set(bundle.split(/(?<=END CERTIFICATE-----\n)/))).to.deep.equal(new Set(certs));
		});
	const noneFailed = (): void => {
		expect(calls.failed).to.deep.equal([]);
		// Without calls there is no proof.
		expect(Math.min(calls.made.asked, calls.made.shaken)).to.be.above(30);
	};

	before('two replicas with an authority past two thirds of its life', async () => {
		api = openApi(plane());
		const now = new Date(nowMs - 1217 * 86_400_000);
		old = await authority(0, { now });
		await plant({ ...asCa(old), ...asTls(await servingFor(old, 0, { now: new Date(nowMs - 86_400_000) })) });
		for (const _ of [1, 2]) replicas.push(await start());
		await register(...replicas);
		// From here on the API server trusts them.
		await eventually(async () => {
			const { status } = await api.send('POST', SERVERS, { body: serverManifest('MCPServer', 'asked', {}) });
			expect(status).to.equal(201);
		});
		calls = callOn();
	});
	it('the CA is due › both are trusted, then the certificate changes', async () => {
		await eventually(async () => expect((await stored())['next-ca.crt']).to.be.a('string'));
		const { 'next-ca.crt': next, 'tls.crt': leaf } = await stored();
		await expectBundle(old.cert, next);
		await expectServed(leaf);
		await eventually(async () => expect(said('next CA promoted to CA')).to.equal(1), 60_000);
		const times = (message: string): number[] =>
			replicas.flatMap((one) => one.saying(message)).map(({ time }) => Number(time));
		const [changedMs = 0] = times('next CA promoted to CA');
		const trustedMs = Math.max(...times('caBundle written').filter((time) => time < changedMs));
		expect(changedMs - trustedMs).to.be.within(SETTLE_MS - 1_000, SETTLE_MS + 10_000);
		const after = await stored();
		expect(after).to.include({ 'ca.crt': next, 'former-ca.crt': old.cert }).and.not.to.have.property('next-ca.crt');
		await expectServed(after['tls.crt']);
		await expectBundle(next, old.cert);
		noneFailed();
	});

	it('no replica has served a certificate of the previous CA for a day › it is dropped', async () => {
		const { 'ca.crt': cert = '', 'ca.key': key = '', ...rest } = await stored();
		const yesterday = await servingFor({ cert, key }, 0, { now: new Date(nowMs - 25 * 3_600_000) });
		await plant({ ...rest, 'ca.crt': cert, 'ca.key': key, ...asTls(yesterday) });
		await expectBundle(cert);
		await expectServed(yesterday.cert);
		expect(said('previous CA removed')).to.equal(1);
		noneFailed();
	});

	it('the Secret is deleted › the certificate in use is restored, and a new CA is made beside it', async () => {
		const before = await stored();
		await plane().kubectl(['delete', 'secret', '-n', 'toolhive-scaling', '--all'], { user: 'admin' });
		await eventually(async () => expect((await stored())['next-ca.crt']).to.be.a('string'));
		const { 'next-ca.crt': next, ...restored } = await stored();
		expect(restored).to.include({ 'tls.crt': before['tls.crt'], 'former-ca.crt': before['ca.crt'] });
		await expectBundle(before['ca.crt'], next);
		noneFailed();
	});

	it('both replicas › each certificate was loaded, without trouble', async () => {
		for (const replica of replicas) {
			// Log lines leave in batches: the last one may come after the handshake that showed its certificate.
			await eventually(async () => expect(replica.saying('certificate reloaded').length).to.be.at.least(2));
			expect(replica.saying('the new certificate is not usable; the previous one is still served')).to.deep.equal([]);
			expect(replica.saying('certificates cannot be managed')).to.deep.equal([]);
		}
	});
});
