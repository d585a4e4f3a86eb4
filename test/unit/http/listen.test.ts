import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import type { AdmissionDecision } from '../../../src/admission/response.ts';
import { listenHttp, shutdown, useCertificate } from '../../../src/http/listen.ts';
import { ALLOWED, oneConnection, reviewWith, type Serving, startServing } from '../../harness/serving.ts';
import { until } from '../../harness/until.ts';

/** The maximum time to wait for an immediate event on a busy machine. */
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

	/** Sends a review that is answered when `held` is resolved. */
	async function askHeld() {
		held = Promise.withResolvers();
		const reply = serving.ask();
		await until(() => serving.webhook.inFlight() === 1);
		return { reply, resolve: () => held?.resolve(ALLOWED) };
	}

	it('limits › timeouts exceed those of the API server, and 1,500 connections are allowed', () => {
		expect(serving.server.maxConnections).to.equal(1_500);
		const { keepAliveTimeout, headersTimeout, requestTimeout, timeout } = serving.server;
		expect([headersTimeout, requestTimeout, timeout]).to.deep.equal([30_000, 30_000, 35_000]);
		// The API server keeps idle connections for 90 s.
		expect(keepAliveTimeout).to.be.greaterThan(90_000);
	});

	it('connections to the metrics port › more than 200 › only 200 stay open', async () => {
		const server = await listenHttp(() => undefined, 0);
		const { port } = server.address() as AddressInfo;
		const sockets = Array.from({ length: 210 }, () =>
			connect(port, '127.0.0.1')
				.on('error', () => undefined)
				.resume(),
		);
		const closed = (): number => sockets.filter((socket) => socket.closed).length;
		await until(() => closed() === 10);
		await sleep(200);
		expect(closed()).to.equal(10);
		for (const socket of sockets) socket.destroy();
		await shutdown(server);
	});

	it('useCertificate › another certificate › open connections stay', async () => {
		const agent = oneConnection();
		await serving.ask({ agent });
		useCertificate(serving.server, await serving.issue());
		expect(await serving.ask({ agent })).to.include({ status: 200, isReused: true });
		agent.destroy();
	});

	for (const [title, bytes] of [
		['no TLS handshake', ''],
		['plain HTTP', 'GET /mutate HTTP/1.1\r\nHost: x\r\n\r\n'],
	] as const) {
		it(`${title} › on the TLS port › the connection is closed, without a log line`, async () => {
			const socket = connect(serving.port, '127.0.0.1').on('error', () => undefined);
			socket.write(bytes);
			await once(socket.resume(), 'close');
			expect([socket.bytesRead, serving.lines]).to.deep.equal([0, []]);
		});
	}

	it('TLS 1.1, and renegotiation with the first certificate and with another one › rejected', async () => {
		const tls11 = { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
		const error: unknown = await serving.dial(tls11).catch((reason) => reason);
		expect(String(error)).to.match(/alert protocol version|unsupported protocol/);
		for (const isChanged of [false, true]) {
			if (isChanged) useCertificate(serving.server, await serving.issue());
			const socket = await serving.dial({ maxVersion: 'TLSv1.2' });
			const failed = once(socket, 'error');
			socket.resume().renegotiate({}, () => undefined);
			expect(String(await failed)).to.match(/no renegotiation/i);
		}
	});

	it('draining › reviews, one in flight and one on an idle connection › answered with Connection: close', async () => {
		const agent = oneConnection();
		expect((await serving.ask({ agent })).headers['connection']).to.equal('keep-alive');
		const { reply, resolve } = await askHeld();
		serving.webhook.startDraining();
		resolve();
		const replies = [await reply];
		// An idle connection stays open, because its client may be sending a request.
		await sleep(200);
		for (const question of [{ agent }, {}, { path: '/validate' }, { body: '{' }])
			replies.push(await serving.ask(question));
		agent.destroy();
		expect(replies[1]?.isReused).to.equal(true);
		expect(replies.map(({ status }) => status)).to.deep.equal([200, 200, 200, 200, 400]);
		for (const { headers } of replies) expect(headers['connection']).to.equal('close');
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
		// Both requests are written before the event loop runs, so the server cannot read one before the other is sent.
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
			// When the server has answered another client, its side of this connection's handshake is complete.
			if (isAccepted) await serving.ask();
			const closed = once(connection.resume(), 'close');
			const startedMs = performance.now();
			await shutdown(serving.server);
			await closed;
			expect(performance.now() - startedMs).to.be.lessThan(SOON_MS);
		});
	}
});
