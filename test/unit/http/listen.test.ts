import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { issueServing } from '../../../certs/issue.ts';
import type { AdmissionDecision } from '../../../src/admission/response.ts';
import { certificateOf } from '../../../src/http/certificate.ts';
import { listenHttp, listenHttps, shutdown, useCertificate } from '../../../src/http/listen.ts';
import { ALLOWED, oneConnection, reviewWith, type Serving, startServing } from '../../harness/serving.ts';
import { until } from '../../harness/until.ts';

/** Longest time for anything that is promised to happen at once, on a busy machine. */
const SOON_MS = 5_000;

describe('http sockets', function () {
	this.timeout(20_000);
	let serving: Serving;
	let held: PromiseWithResolvers<AdmissionDecision> | undefined;
	beforeEach(async () => {
		held = undefined;
		serving = await startServing({ mutate: () => held?.promise ?? ALLOWED });
	});
	afterEach(() => serving.stop());

	it('keeps idle connections longer than the API server does', () => {
		expect(serving.server.keepAliveTimeout).to.be.greaterThan(90_000);
	});

	it('limits how long a request may take to arrive', () => {
		expect(serving.server.headersTimeout).to.equal(30_000);
		expect(serving.server.requestTimeout).to.equal(30_000);
	});

	it('limits how long a client may neither read nor send', () => {
		expect(serving.server.timeout).to.equal(35_000);
	});

	/** Opens as many silent connections and returns how many of them stay, `limit` at least. */
	async function stayingOf(port: number, count: number, limit: number): Promise<number> {
		const sockets: Socket[] = [];
		for (let made = 0; made < count; made += 1) {
			const socket = connect(port, '127.0.0.1').on('error', () => undefined);
			await once(socket, 'connect');
			sockets.push(socket.resume());
		}
		const staying = (): number => sockets.filter(({ closed, destroyed }) => !closed && !destroyed).length;
		await until(() => staying() <= limit);
		await sleep(200);
		const stayed = staying();
		for (const socket of sockets) socket.destroy();
		return stayed;
	}

	it('holds so many connections and not more on the webhook port', async () => {
		const { port } = serving.server.address() as AddressInfo;
		expect(await stayingOf(port, 1_510, 1_500)).to.equal(1_500);
	});

	it('and fewer on the other one', async () => {
		const server = await listenHttp(() => undefined, 0);
		expect(await stayingOf((server.address() as AddressInfo).port, 210, 200)).to.equal(200);
		await shutdown(server);
	});

	it('exchanges its certificate without dropping a connection', async () => {
		const agent = oneConnection();
		const before = await serving.ask({ agent });
		const pair = await issueServing(serving.authority);
		const certificate = { cert: Buffer.from(pair.cert), key: Buffer.from(pair.key), expirySeconds: 0, fingerprint: '' };
		useCertificate(serving.server, certificate);
		const kept = await serving.ask({ agent });
		agent.destroy();
		const fresh = await serving.ask();
		expect(kept).to.include({ status: 200, isReused: true, serialNumber: before.serialNumber });
		expect(fresh).to.include({ status: 200, isReused: false });
		expect(fresh.serialNumber).not.to.equal(before.serialNumber);
	});

	it('keeps the old certificate where the new pair does not match', async () => {
		const { serialNumber } = await serving.ask();
		const [one, two] = [await issueServing(serving.authority), await issueServing(serving.authority)];
		const mixed = { cert: Buffer.from(one.cert), key: Buffer.from(two.key), expirySeconds: 0, fingerprint: '' };
		expect(() => useCertificate(serving.server, mixed)).to.throw('key values mismatch');
		expect((await serving.ask()).serialNumber).to.equal(serialNumber);
	});

	it('without a certificate, fails handshakes until there is one', async () => {
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
			const pair = await issueServing(serving.authority);
			useCertificate(server, certificateOf(Buffer.from(pair.cert), Buffer.from(pair.key)));
			expect(await greet()).to.equal('trusted');
		} finally {
			await shutdown(server);
		}
	});

	it('says why a port cannot be had', async () => {
		const taken = createServer().listen(0);
		await once(taken, 'listening');
		const { port } = taken.address() as { port: number };
		const error: unknown = await listenHttp(() => undefined, port).catch((reason) => reason);
		taken.close();
		expect(error).to.have.property('code', 'EADDRINUSE');
	});

	it('draining, serves on and asks every client to go elsewhere', async () => {
		const agent = oneConnection();
		expect((await serving.ask({ agent })).headers['connection']).to.equal('keep-alive');
		serving.webhook.startDraining();
		for (const question of [{ agent }, {}, { body: '{' }, { path: '/validate' }]) {
			const { status, headers } = await serving.ask(question);
			expect(status).to.be.oneOf([200, 400]);
			expect(headers['connection']).to.equal('close');
		}
		agent.destroy();
	});

	it('draining, asks also who was in flight already to go elsewhere', async () => {
		held = Promise.withResolvers();
		const answer = serving.ask();
		await until(() => serving.webhook.inFlight() === 1);
		serving.webhook.startDraining();
		held.resolve(ALLOWED);
		expect((await answer).headers['connection']).to.equal('close');
	});

	it('draining, leaves idle connections to the client, which may be writing to one just now', async () => {
		const agent = oneConnection();
		await serving.ask({ agent });
		serving.webhook.startDraining();
		await sleep(200);
		expect(await serving.ask({ agent })).to.include({ status: 200, isReused: true });
		agent.destroy();
	});

	it('closing, answers what has arrived on an idle connection and was not read yet', async () => {
		const connection = await serving.dial();
		let received = '';
		connection.on('data', (bytes: Buffer) => {
			received += bytes;
		});
		const body = JSON.stringify(reviewWith());
		const send = (): void =>
			void connection.write(`POST /mutate HTTP/1.1\r\nhost: x\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
		const answers = (): number => received.split('"allowed":true').length - 1;
		for (const count of [1, 2]) {
			send();
			await until(() => answers() === count);
		}
		// Written at once, while the server cannot read before we give the event loop back.
		send();
		serving.webhook.startDraining();
		await shutdown(serving.server);
		await until(() => answers() === 3);
		expect(received).to.match(/connection: close/i);
	});

	it('closing, lets what is in flight end and takes nothing new', async () => {
		held = Promise.withResolvers();
		const agent = oneConnection();
		await serving.ask({ agent, path: '/validate' });
		const answer = serving.ask();
		await until(() => serving.webhook.inFlight() === 1);
		serving.webhook.startDraining();
		const closing = shutdown(serving.server);
		await until(() => !serving.server.listening);
		const refused: unknown = await serving.ask().catch((error) => error);
		expect(refused).to.have.property('code', 'ECONNREFUSED');
		expect(await Promise.race([closing, sleep(100, 'still open')])).to.equal('still open');
		held.resolve(ALLOWED);
		expect((await answer).status).to.equal(200);
		const startedMs = performance.now();
		await closing;
		agent.destroy();
		expect(performance.now() - startedMs).to.be.lessThan(SOON_MS);
	});

	it('gives up on a connection that does not begin to speak TLS', async () => {
		const mute = connect(serving.port, '127.0.0.1').on('error', () => undefined);
		await once(mute, 'close');
	});

	it('closing, does not wait for connections on which nothing was ever asked', async () => {
		const silent = await serving.dial();
		// The server's side of the handshake is over when it answers somebody else.
		await serving.ask();
		await endsSoon(silent);
	});

	it('closing, does not wait for a handshake to be followed by nothing', async () => {
		await endsSoon(await serving.dial());
	});

	async function endsSoon(connection: Socket): Promise<void> {
		const closed = once(connection.resume(), 'close');
		const startedMs = performance.now();
		await shutdown(serving.server);
		await closed;
		expect(performance.now() - startedMs).to.be.lessThan(SOON_MS);
	}
});
