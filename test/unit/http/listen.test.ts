import { once } from 'node:events';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { expect } from 'chai';
import { issueServing } from '../../../certs/issue.ts';
import type { AdmissionDecision } from '../../../src/admission/response.ts';
import { type Certificate, certificateOf } from '../../../src/http/certificate.ts';
import { listenHttp, listenHttps, shutdown, useCertificate } from '../../../src/http/listen.ts';
import { ALLOWED, oneConnection, reviewWith, type Serving, startServing } from '../../harness/serving.ts';
import { until } from '../../harness/until.ts';

/** Longest time for anything that happens at once, on a busy machine. */
const SOON_MS = 5_000;

describe('sockets', function () {
	this.timeout(20_000);
	let serving: Serving;
	let held: PromiseWithResolvers<AdmissionDecision> | undefined;
	beforeEach(async () => {
		held = undefined;
		serving = await startServing({ mutate: () => held?.promise ?? ALLOWED });
	});
	afterEach(() => serving.stop());

	/** A review that is answered when `held` is resolved. */
	async function askHeld() {
		held = Promise.withResolvers();
		const reply = serving.ask();
		await until(() => serving.webhook.inFlight() === 1);
		return { reply, resolve: () => held?.resolve(ALLOWED) };
	}
	const issue = async (): Promise<Certificate> => {
		const { cert, key } = await issueServing(serving.authority);
		return certificateOf(Buffer.from(cert), Buffer.from(key));
	};

	it('timeouts › longer than those of the API server', () => {
		const { keepAliveTimeout, headersTimeout, requestTimeout, timeout } = serving.server;
		expect([headersTimeout, requestTimeout, timeout]).to.deep.equal([30_000, 30_000, 35_000]);
		// It keeps idle connections for 90 s.
		expect(keepAliveTimeout).to.be.greaterThan(90_000);
	});

	for (const [port, limit] of [
		['webhook', 1_500],
		['metrics', 200],
	] as const) {
		it(`connections to the ${port} port › more than ${limit} › only ${limit} stay open`, async () => {
			const metrics = await listenHttp(() => undefined, 0);
			const address = (port === 'webhook' ? serving.server : metrics).address() as AddressInfo;
			const sockets: Socket[] = [];
			for (let made = 0; made < limit + 10; made += 1) {
				const socket = connect(address.port, '127.0.0.1').on('error', () => undefined);
				await once(socket, 'connect');
				sockets.push(socket.resume());
			}
			const open = (): number => sockets.filter(({ closed, destroyed }) => !closed && !destroyed).length;
			await until(() => open() <= limit);
			await sleep(200);
			expect(open()).to.equal(limit);
			for (const socket of sockets) socket.destroy();
			await shutdown(metrics);
		});
	}

	it('useCertificate › another one › open connections stay, and new ones get it', async () => {
		const agent = oneConnection();
		const before = await serving.ask({ agent });
		useCertificate(serving.server, await issue());
		const kept = await serving.ask({ agent });
		agent.destroy();
		const fresh = await serving.ask();
		expect(kept).to.include({ status: 200, isReused: true, serialNumber: before.serialNumber });
		expect(fresh).to.include({ status: 200, isReused: false });
		expect(fresh.serialNumber).not.to.equal(before.serialNumber);
	});

	it('no certificate › handshakes fail until there is one', async () => {
		const server = await listenHttps((_request, response) => void response.end('ok'), undefined, 0);
		const { port } = server.address() as AddressInfo;
		const greet = (): Promise<unknown> =>
			new Promise((resolve) => {
				const socket = connectTls({ port, ca: serving.authority.cert, servername: 'localhost' }, () => {
					resolve('trusted');
					socket.destroy();
				});
				socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code));
			});
		try {
			expect(await greet()).to.match(/HANDSHAKE_FAILURE/);
			useCertificate(server, await issue());
			expect(await greet()).to.equal('trusted');
		} finally {
			await shutdown(server);
		}
	});

	it('a connection › no TLS handshake › closed', async () => {
		await once(
			connect(serving.port, '127.0.0.1').on('error', () => undefined),
			'close',
		);
	});

	it('draining › new reviews, and one in flight › answered with Connection: close', async () => {
		const agent = oneConnection();
		expect((await serving.ask({ agent })).headers['connection']).to.equal('keep-alive');
		const { reply, resolve } = await askHeld();
		serving.webhook.startDraining();
		resolve();
		const replies = [await reply];
		for (const question of [{ agent }, {}, { path: '/validate' }, { body: '{' }])
			replies.push(await serving.ask(question));
		agent.destroy();
		expect(replies.map(({ status }) => status)).to.deep.equal([200, 200, 200, 200, 400]);
		for (const { headers } of replies) expect(headers['connection']).to.equal('close');
	});

	it('draining › an idle connection › stays open, because its client may be writing', async () => {
		const agent = oneConnection();
		await serving.ask({ agent });
		serving.webhook.startDraining();
		await sleep(200);
		expect(await serving.ask({ agent })).to.include({ status: 200, isReused: true });
		agent.destroy();
	});

	it('shutdown › a request has arrived on an idle connection › answered', async () => {
		const connection = await serving.dial();
		let received = '';
		connection.on('data', (bytes: Buffer) => {
			received += bytes;
		});
		const body = JSON.stringify(reviewWith());
		const send = () =>
			connection.write(`POST /mutate HTTP/1.1\r\nhost: x\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
		const answers = (): number => received.split('"allowed":true').length - 1;
		for (const count of [1, 2]) {
			send();
			await until(() => answers() === count);
		}
		// Written at once, while the server cannot read before the event loop runs.
		send();
		serving.webhook.startDraining();
		await shutdown(serving.server);
		await until(() => answers() === 3);
		expect(received).to.match(/connection: close/i);
	});

	it('shutdown › a review is in flight › it is answered first, and no connection is accepted', async () => {
		const agent = oneConnection();
		await serving.ask({ agent, path: '/validate' });
		const { reply, resolve } = await askHeld();
		serving.webhook.startDraining();
		const closing = shutdown(serving.server);
		await until(() => !serving.server.listening);
		const refused: unknown = await serving.ask().catch((error) => error);
		expect(refused).to.have.property('code', 'ECONNREFUSED');
		expect(await Promise.race([closing, sleep(100, 'still open')])).to.equal('still open');
		resolve();
		expect((await reply).status).to.equal(200);
		const startedMs = performance.now();
		await closing;
		agent.destroy();
		expect(performance.now() - startedMs).to.be.lessThan(SOON_MS);
	});

	for (const [title, isAccepted] of [
		['accepted before', true],
		['just made', false],
	] as const) {
		it(`shutdown › a connection without a request, ${title} › closed at once`, async () => {
			const connection = await serving.dial();
			// The handshake is over on the server's side when the server answers another client.
			if (isAccepted) await serving.ask();
			const closed = once(connection.resume(), 'close');
			const startedMs = performance.now();
			await shutdown(serving.server);
			await closed;
			expect(performance.now() - startedMs).to.be.lessThan(SOON_MS);
		});
	}
});
