/**
 * Sends bytes that no API server sends to real sockets. Among the inputs that Node's own parser rejects, only request
 * smuggling is tested.
 */
import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { useCertificate } from '../../../src/http/listen.ts';
import { ALLOWED, reviewWith, type Serving, startServing } from '../../harness/serving.ts';

const BODY = JSON.stringify(reviewWith());
const LENGTH = `Content-Length: ${BODY.length}`;
const CHUNKED = `${BODY.length.toString(16)}\r\n${BODY}\r\n0\r\n\r\n`;
const post = (headers: string, body = BODY, path = '/mutate'): string =>
	`POST ${path} HTTP/1.1\r\nHost: x\r\n${headers}\r\n\r\n${body}`;
const statusesIn = (text: string): number[] =>
	[...text.matchAll(/^HTTP\/1\.1 (\d+)/gm)].map(([, code]) => Number(code));

describe('unusual bytes', function () {
	this.timeout(30_000);
	let serving: Serving;
	let reviews = 0;
	before(async () => {
		serving = await startServing({
			mutate: () => {
				reviews += 1;
				return ALLOWED;
			},
		});
	});
	after(() => serving.stop());

	/** Returns everything that the server sends until it closes the connection or stops sending. */
	async function responses(bytes: string | Buffer): Promise<string> {
		const socket = await serving.dial();
		let text = '';
		socket.on('error', () => undefined);
		socket.on('data', (chunk: Buffer) => {
			text += chunk;
			socket.setTimeout(300);
		});
		socket.setTimeout(3_000, () => socket.destroy());
		socket.write(bytes);
		await new Promise((resolve) => socket.once('close', resolve));
		return text;
	}

	for (const [title, bytes, expected, reviewed] of [
		['a URL in full', post(LENGTH, BODY, 'https://elsewhere/mutate'), [200], 1],
		['an upgrade', post(`Connection: Upgrade\r\nUpgrade: websocket\r\n${LENGTH}`), [200], 1],
		['CONNECT', 'CONNECT other:443 HTTP/1.1\r\nHost: x\r\n\r\n', [], 0],
		['length and chunks', post(`${LENGTH}\r\nTransfer-Encoding: chunked`, CHUNKED), [400], 0],
		['a second request hidden in a body', post(`Content-Length: ${post(LENGTH).length}`, post(LENGTH)), [400], 0],
	] as const) {
		it(`${title} › sent › ${expected.join(' and ') || 'no response'}`, async () => {
			const before = reviews;
			expect(statusesIn(await responses(bytes))).to.deep.equal(expected);
			expect(reviews - before).to.equal(reviewed);
		});
	}

	it('a gzip of 64 MiB › sent as a body › 415 without decompressing it', async () => {
		const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024));
		const before = process.memoryUsage.rss();
		const head = post(`Content-Encoding: gzip\r\nContent-Length: ${bomb.length}`, '');
		const text = await responses(Buffer.concat([Buffer.from(head), bomb]));
		expect(statusesIn(text)).to.deep.equal([415]);
		expect(text).to.contain('"reason":"UnsupportedMediaType"').and.to.contain('compressed bodies are not supported');
		expect(process.memoryUsage.rss() - before).to.be.below(32 * 1024 * 1024);
	});

	describe('TLS', () => {
		const greet = (options: object): Promise<TLSSocket | string> =>
			new Promise((resolve) => {
				const to = { port: serving.port, host: '127.0.0.1', ca: serving.ca.cert };
				const socket = connectTls({ ...to, ...options }, () => resolve(socket));
				socket.on('error', ({ message }) => resolve(message));
			});
		const checkServerIdentity = (): undefined => undefined;
		const onlyIn = (version: string) => ({ minVersion: version, maxVersion: version, ciphers: 'DEFAULT@SECLEVEL=0' });

		for (const [title, options, isAccepted] of [
			['with another server name', { servername: 'elsewhere.example', checkServerIdentity }, true],
			['in TLS 1.2', onlyIn('TLSv1.2'), true],
			['in TLS 1.1', onlyIn('TLSv1.1'), false],
			['in TLS 1.0', onlyIn('TLSv1'), false],
		] as const) {
			it(`a handshake › ${title} › ${isAccepted ? 'accepted' : 'rejected'}`, async () => {
				const socket = await greet(options);
				if (typeof socket === 'object') socket.destroy();
				if (isAccepted) expect(socket).to.be.an('object');
				else expect(socket).to.match(/alert protocol version|unsupported protocol/);
			});
		}

		it('renegotiation › with the first certificate and with another one › rejected', async () => {
			for (const isChanged of [false, true]) {
				if (isChanged) useCertificate(serving.server, await serving.issue());
				const socket = (await greet({ maxVersion: 'TLSv1.2' })) as TLSSocket;
				const failure = await new Promise<Error | null>((resolve) => {
					socket.on('error', resolve);
					socket.on('close', () => resolve(new Error('closed')));
					socket.renegotiate({}, resolve);
					socket.resume();
				});
				socket.destroy();
				expect(String(failure)).to.match(/no renegotiation/i);
			}
		});

		it('plain HTTP › on the TLS port › the connection is closed, without a log line', async () => {
			const linesBefore = serving.lines.length;
			const socket = connectTcp(serving.port, '127.0.0.1').on('error', () => undefined);
			let text = '';
			socket.on('data', (chunk: Buffer) => {
				text += chunk;
			});
			socket.write('GET /mutate HTTP/1.1\r\nHost: x\r\n\r\n');
			await once(socket, 'close');
			expect(text).to.equal('');
			expect(serving.lines).to.have.length(linesBefore);
		});
	});
});
