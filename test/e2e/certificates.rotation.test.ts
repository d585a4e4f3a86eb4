/** Replaces the CA and the serving certificate while the API server and other clients keep calling. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { after, before } from 'mocha';
import { SETTLE_MS } from '../../src/certificates/lifetimes.ts';
import type { KeyPair } from '../../src/certificates/secret-data.ts';
import { type Api, openApi } from '../harness/api.ts';
import { asCa, asTls, newCa, servingFor } from '../harness/certificates.ts';
import { eventually } from '../harness/eventually.ts';
import { serverManifest } from '../harness/namespace.ts';
import { handshake, type Replica, useSelfManaged } from '../harness/self-managed.ts';

const SERVERS = '/apis/toolhive.stacklok.dev/v1beta1/namespaces/default/mcpservers?dryRun=All';
/** Calls must succeed even from an API server that reads a new caBundle this late. */
const LAG_MS = 5_000;
const REPLACED = 'next CA promoted to CA';

describe('certificate rotation on a real API server', function () {
	this.timeout(180_000);
	let api: Api;
	let isOver = false;
	let loops: readonly Promise<void>[] = [];
	// Runs before the hook that stops the replicas.
	after(async () => {
		isOver = true;
		await Promise.all(loops);
		api?.close();
	});
	const { plane, start, applyWebhooks, secret, writeSecret, caBundles, expectServed } = useSelfManaged();
	const nowMs = Date.now();
	const replicas: Replica[] = [];
	const calls = { requests: 0, handshakes: 0 };
	const failed: string[] = [];
	let old: KeyPair;

	/**
	 * Sends calls continuously: through the API server, which reuses its connections, and on new connections to both
	 * replicas.
	 */
	function startCalls(): readonly Promise<void>[] {
		const seen: { bundle: string; atMs: number }[] = [];
		const repeat = async (pauseMs: number, once: () => Promise<void>): Promise<void> => {
			while (!isOver) {
				await once().catch((error: Error) => void failed.push(error.message));
				await sleep(pauseMs);
			}
		};
		const body = serverManifest('MCPServer', 'dry-run', { transport: 'sse', replicas: 2 });
		return [
			repeat(20, async () => {
				const { status, warnings, body: answer } = await api.send('POST', SERVERS, { body });
				calls.requests += 1;
				if (status !== 201 || warnings.length === 0) failed.push(`${status} ${JSON.stringify(answer)}`);
			}),
			repeat(200, async () => void seen.push({ bundle: (await caBundles())[0] ?? '', atMs: performance.now() })),
			...replicas.map(({ webhookPort }) =>
				repeat(50, async () => {
					const known = seen.findLast(({ atMs }) => atMs < performance.now() - LAG_MS) ?? seen[0];
					if (known === undefined) return;
					const shown = await handshake(webhookPort, known.bundle);
					calls.handshakes += 1;
					if (typeof shown === 'string') failed.push(`handshake: ${shown}`);
				}),
			),
		];
	}
	const logged = (message: string) => replicas.flatMap((one) => one.log(message));
	const stored = async () => (await secret())?.data ?? expect.fail('no Secret');
	const expectBundle = (...certs: (string | undefined)[]): Promise<void> =>
		eventually(async () => {
			// The order does not matter.
			for (const bundle of await caBundles())
				expect(new Set(bundle.split(/(?<=END CERTIFICATE-----\n)/))).to.deep.equal(new Set(certs));
		});
	before('two replicas with a CA past two thirds of its life', async () => {
		api = openApi(plane());
		old = await newCa(0, { now: new Date(nowMs - 1217 * 86_400_000) });
		await writeSecret({ ...asCa(old), ...asTls(await servingFor(old, 0, { now: new Date(nowMs - 86_400_000) })) });
		for (const _ of [1, 2]) replicas.push(await start());
		await applyWebhooks(...replicas);
		await eventually(async () => {
			const { status } = await api.send('POST', SERVERS, { body: serverManifest('MCPServer', 'dry-run', {}) });
			expect(status).to.equal(201);
		});
		loops = startCalls();
	});
	it('the CA must be renewed › every caBundle trusts both CAs, then the certificate changes', async () => {
		await eventually(async () => expect((await stored())['next-ca.crt']).to.be.a('string'));
		const { 'next-ca.crt': next } = await stored();
		await expectBundle(old.cert, next);
		await eventually(async () => expect(logged(REPLACED)).to.have.length(1), 60_000);
		const [replacedMs = 0] = logged(REPLACED).map(({ time }) => Number(time));
		const writtenMs = logged('caBundle written').map(({ time }) => Number(time));
		const trustedMs = Math.max(...writtenMs.filter((time) => time < replacedMs));
		expect(replacedMs - trustedMs).to.be.within(SETTLE_MS - 1_000, SETTLE_MS + 10_000);
		const after = await stored();
		expect(after).to.include({ 'ca.crt': next, 'former-ca.crt': old.cert }).and.not.to.have.property('next-ca.crt');
		await expectBundle(next, old.cert);
		await eventually(() => expectServed(...replicas));
		expect(failed).to.deep.equal([]);
		expect(Math.min(calls.requests, calls.handshakes), 'calls').to.be.above(30);
		for (const message of [
			'the new certificate is not usable; the previous one is still served',
			'certificates cannot be managed',
		])
			expect(logged(message)).to.deep.equal([]);
	});
});
