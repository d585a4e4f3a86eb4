import { once } from 'node:events';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { BODY_LIMIT_BYTES } from '../../../src/http/body.ts';
import { ALLOWED, oneConnection, reviewWith, type Serving, startServing } from '../../harness/serving.ts';

const MIB = 1024 * 1024;

/** A review of exactly `bytes`, made of many small entries. */
function reviewOfBytes(bytes: number): string {
	const entry = { name: 'SETTING', value: 'é'.repeat(20) };
	const of = (padding: string, entries: number): string =>
		JSON.stringify(reviewWith({ object: { metadata: { name: 'big' }, padding, env: Array(entries).fill(entry) } }));
	const emptyBytes = Buffer.byteLength(of('', 0));
	const entries = Math.floor((bytes - emptyBytes) / (Buffer.byteLength(JSON.stringify(entry)) + 1)) - 1;
	return of('x'.repeat(bytes - Buffer.byteLength(of('', entries))), entries);
}

describe('http bodies', function () {
	this.timeout(30_000);
	let serving: Serving;
	const seen: unknown[] = [];
	before(async () => {
		serving = await startServing({
			logLevel: 'debug',
			mutate: ({ object }) => {
				seen.push(object?.['env']);
				return ALLOWED;
			},
		});
	});
	after(() => serving.stop());

	for (const isChunked of [false, true]) {
		const how = isChunked ? 'chunked' : 'with content-length';

		it(`takes 7 MiB exactly, ${how}`, async () => {
			const body = reviewOfBytes(7 * MIB);
			expect(Buffer.byteLength(body)).to.equal(BODY_LIMIT_BYTES);
			const { status, json } = await serving.ask({ body, isChunked });
			expect(status).to.equal(200);
			expect(json?.['response']).to.deep.equal({ uid: 'uid-1', allowed: true });
			expect(seen.at(-1)).to.deep.equal(JSON.parse(body).request.object.env);
		});

		for (const bytes of [7 * MIB + 1, 8 * MIB, 20 * MIB]) {
			it(`refuses ${bytes} bytes, ${how}, so that the client reads the 413`, async () => {
				const seenBefore = seen.length;
				const { status, headers, json } = await serving.ask({ body: Buffer.alloc(bytes, 'x'), isChunked });
				expect(status).to.equal(413);
				expect(headers['connection']).to.equal('close');
				expect(json).to.include({ code: 413, reason: 'RequestEntityTooLarge' });
				expect(json?.['message']).to.contain('7340032 bytes');
				expect(seen).to.have.length(seenBefore);
				expect(serving.webhook.inFlight()).to.equal(0);
			});
		}

		it(`cuts off a client that does not stop sending, ${how}`, async () => {
			const answer = await serving.ask({ body: Buffer.alloc(40 * MIB, 'x'), isChunked }).then(
				({ status }) => status,
				(error: NodeJS.ErrnoException) => error.code,
			);
			expect(answer).to.be.oneOf(['EPIPE', 'ECONNRESET']);
			expect((await serving.ask()).status).to.equal(200);
		});
	}

	it('reads a body that arrives in pieces, split inside a character', async () => {
		const body = Buffer.from(JSON.stringify(reviewWith({ object: { env: 'é✓' } })));
		const socket = await serving.dial();
		socket.write(`POST /mutate HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n`);
		for (const byte of body) socket.write(Buffer.of(byte));
		let text = '';
		socket.on('data', (chunk) => {
			text += chunk;
		});
		await once(socket, 'close');
		expect(text).to.match(/^HTTP\/1\.1 200 /);
		expect(seen.at(-1)).to.equal('é✓');
	});

	it('refuses a compressed body with 415', async () => {
		const body = gzipSync(JSON.stringify(reviewWith()));
		const { status, json } = await serving.ask({ body, headers: { 'content-encoding': 'gzip' } });
		expect(status).to.equal(415);
		expect(json).to.include({ code: 415, reason: 'UnsupportedMediaType', message: 'compressed bodies are not taken' });
	});

	for (const isChunked of [false, true]) {
		it(`forgets a client that goes away half way, ${isChunked ? 'chunked' : 'with content-length'}`, async () => {
			const linesBefore = serving.lines.length;
			const socket = await serving.dial();
			const framing = isChunked ? 'Transfer-Encoding: chunked' : 'Content-Length: 1000';
			socket.write(`POST /mutate HTTP/1.1\r\nHost: x\r\n${framing}\r\n\r\n${isChunked ? 'ff\r\n' : ''}{"kind":`);
			// What has not arrived whole takes nobody's place.
			expect((await serving.ask()).status).to.equal(200);
			expect(serving.webhook.inFlight()).to.equal(0);
			socket.destroy();
			expect((await serving.ask()).status).to.equal(200);
			expect(serving.lines).to.have.length(linesBefore + 2);
		});
	}

	it('uses one connection again and again', async () => {
		const agent = oneConnection();
		const replies = [];
		for (let count = 0; count < 5; count += 1) replies.push(await serving.ask({ agent }));
		agent.destroy();
		expect(replies.map(({ isReused }) => isReused)).to.deep.equal([false, true, true, true, true]);
		expect(replies[0]?.headers).to.include({ connection: 'keep-alive', 'keep-alive': 'timeout=95' });
	});
});
