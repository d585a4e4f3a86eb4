/** Bytes that no API server sends, on real sockets: each gets a clean end, and nothing is smuggled past anybody. */
import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { issueServing } from '../../../certs/issue.ts';
import { certificateOf } from '../../../src/http/certificate.ts';
import { useCertificate } from '../../../src/http/listen.ts';
import { ALLOWED, reviewWith, type Serving, startServing } from '../../harness/serving.ts';

describe('http oddities', function () {
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

	const BODY = JSON.stringify(reviewWith());
	const post = (headers: string, body = BODY, path = '/mutate'): string =>
		`POST ${path} HTTP/1.1\r\nHost: x\r\n${headers}\r\n\r\n${body}`;
	const LENGTH = `Content-Length: ${BODY.length}`;

	/** Everything that comes back until the server closes, or nothing more comes. */
	async function said(bytes: string | Buffer): Promise<string> {
		const socket = await serving.dial();
		socket.on('error', () => undefined);
		let text = '';
		socket.on('data', (chunk: Buffer) => {
			text += chunk;
			socket.setTimeout(300);
		});
		socket.setTimeout(3_000, () => socket.destroy());
		const closed = new Promise((resolve) => socket.once('close', resolve));
		socket.write(bytes);
		await closed;
		return text;
	}
	const statusesIn = (text: string): number[] =>
		[...text.matchAll(/^HTTP\/1\.1 (\d+)/gm)].map(([, code]) => Number(code));

	it('answers requests in one segment one by one, in their order, however many', async () => {
		const one = (uid: string): string => {
			const body = JSON.stringify(reviewWith({ uid }));
			return post(`Content-Length: ${body.length}`, body);
		};
		const uids = Array.from({ length: 500 }, (_, index) => `uid-${index}-`);
		const text = await said(uids.map(one).join(''));
		expect([...text.matchAll(/"uid":"([^"]+)"/g)].map(([, uid]) => uid)).to.deep.equal(uids);
	});

	const CHUNKED = `${BODY.length.toString(16)}\r\n${BODY}\r\n0\r\n\r\n`;
	const refused: Readonly<Record<string, readonly [string, number]>> = {
		'100,000 bytes of headers': [post(`X: ${'x'.repeat(100_000)}\r\n${LENGTH}`), 431],
		'10,000 headers': [post(`${'X: y\r\n'.repeat(10_000)}${LENGTH}`), 431],
		'a URL of 100,000 bytes': [post(LENGTH, BODY, `/mutate?${'x'.repeat(100_000)}`), 431],
		'two different lengths': [post(`${LENGTH}\r\nContent-Length: 5`), 400],
		'one length twice': [post(`${LENGTH}\r\n${LENGTH}`), 400],
		'length and chunks': [post(`${LENGTH}\r\nTransfer-Encoding: chunked`), 400],
		'chunks and length': [post(`Transfer-Encoding: chunked\r\n${LENGTH}`, CHUNKED), 400],
		'chunks twice': [post('Transfer-Encoding: chunked, chunked', CHUNKED), 400],
		'chunks that are not the last encoding': [post('Transfer-Encoding: chunked, identity', CHUNKED), 400],
		'an encoding that looks like chunks': [post('Transfer-Encoding: xchunked', CHUNKED), 400],
		'a space before the colon': [post(`Content-Length : ${BODY.length}`), 400],
		'a folded header': [post(`X: a\r\n b: c\r\nTransfer-Encoding:\r\n chunked\r\n${LENGTH}`), 400],
		'a length with a sign': [post(`Content-Length: +${BODY.length}`), 400],
		'a length in hexadecimal': [post('Content-Length: 0x10'), 400],
		'a length beyond 2^64': [post('Content-Length: 99999999999999999999'), 400],
		'a chunk size beyond 2^64': [post('Transfer-Encoding: chunked', `${'f'.repeat(17)}\r\n`), 400],
		'a chunk without a size': [post('Transfer-Encoding: chunked', ';x\r\n'), 400],
		'an extension of 100,000 bytes': [post('Transfer-Encoding: chunked', `1;${'x'.repeat(100_000)}\r\n`), 413],
		'a bare line feed': [`POST /mutate HTTP/1.1\nHost: x\n${LENGTH}\n\n${BODY}`, 400],
		'no host': [`POST /mutate HTTP/1.1\r\n${LENGTH}\r\n\r\n${BODY}`, 400],
		'a NUL in a header': [post(`X: a\0b\r\n${LENGTH}`), 400],
		'HTTP/2 without asking': ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
		'an unknown expectation': [post(`Expect: magic\r\n${LENGTH}`), 417],
	};
	for (const [what, [bytes, status]] of Object.entries(refused)) {
		it(`${what}: ${status}, and no review`, async () => {
			const before = reviews;
			// Whoever goes on sending when it is over may lose the answer to a reset.
			const isLong = bytes.length > 50_000;
			expect(statusesIn(await said(bytes))).to.deep.be.oneOf(isLong ? [[status], []] : [[status]]);
			expect(reviews).to.equal(before);
		});
	}

	it('a second request hidden in a body is never taken for one', async () => {
		const before = reviews;
		const inner = post(LENGTH);
		expect(statusesIn(await said(post(`Content-Length: ${inner.length}`, inner)))).to.deep.equal([400]);
		expect(reviews).to.equal(before);
	});

	it('a client that asks before it sends a body is told to go on', async () => {
		expect(statusesIn(await said(post(`Expect: 100-continue\r\n${LENGTH}`)))).to.deep.equal([100, 200]);
	});

	it('a URL in full is the path in it or nothing; an upgrade is not followed; HEAD, OPTIONS and CONNECT get nothing', async () => {
		expect(statusesIn(await said(post(LENGTH, BODY, 'https://elsewhere/mutate')))).to.deep.equal([200]);
		expect(statusesIn(await said(post(`Connection: Upgrade\r\nUpgrade: websocket\r\n${LENGTH}`)))).to.deep.equal([200]);
		for (const method of ['HEAD', 'OPTIONS', 'TRACE', 'PUT']) {
			expect(statusesIn(await said(`${method} /mutate HTTP/1.1\r\nHost: x\r\n\r\n`)), method).to.deep.equal([405]);
		}
		expect(await said('CONNECT other:443 HTTP/1.1\r\nHost: x\r\n\r\n')).to.equal('');
	});

	it('a gzip that would be 1 GiB is refused without a look', async () => {
		const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024));
		const before = process.memoryUsage.rss();
		const text = await said(
			Buffer.concat([Buffer.from(post(`Content-Encoding: gzip\r\nContent-Length: ${bomb.length}`, '')), bomb]),
		);
		expect(statusesIn(text)).to.deep.equal([415]);
		expect(process.memoryUsage.rss() - before).to.be.below(32 * 1024 * 1024);
	});

	describe('TLS', () => {
		const exchangeCertificate = async (): Promise<void> => {
			const { cert, key } = await issueServing(serving.authority);
			useCertificate(serving.server, certificateOf(Buffer.from(cert), Buffer.from(key)));
		};
		const greet = (options: object): Promise<TLSSocket | string> =>
			new Promise((resolve) => {
				const socket = connectTls(
					{ port: serving.port, host: '127.0.0.1', ca: serving.authority.cert, ...options },
					() => resolve(socket),
				);
				socket.on('error', ({ message }) => resolve(message));
			});

		for (const [what, options] of Object.entries({
			'without a name': { servername: '', checkServerIdentity: () => undefined },
			'with the name of somebody else': { servername: 'elsewhere.example', checkServerIdentity: () => undefined },
			'with TLS 1.2': { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' },
		})) {
			it(`is spoken ${what}`, async () => {
				const socket = await greet(options);
				expect(socket).to.be.an('object');
				(socket as TLSSocket).destroy();
			});
		}
		for (const version of ['TLSv1', 'TLSv1.1'] as const) {
			it(`is not spoken in ${version}`, async () => {
				const old = { minVersion: version, maxVersion: version, ciphers: 'DEFAULT@SECLEVEL=0' };
				expect(await greet(old)).to.match(/alert protocol version|unsupported protocol/);
			});
		}

		it('is not negotiated anew on an open connection, also with another certificate than at first', async () => {
			for (const change of [() => undefined, exchangeCertificate]) {
				await change();
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

		it('a ticket shortens the next handshake', async () => {
			const first = (await greet({})) as TLSSocket;
			const [session] = (await once(first.resume(), 'session')) as [Buffer];
			first.destroy();
			const next = (await greet({ session })) as TLSSocket;
			expect(next.isSessionReused()).to.equal(true);
			next.destroy();
		});

		it('what speaks plain HTTP is hung up on', async () => {
			const linesBefore = serving.lines.length;
			const socket = connectTcp(serving.port, '127.0.0.1');
			socket.on('error', () => undefined);
			let got = '';
			socket.on('data', (chunk: Buffer) => {
				got += chunk;
			});
			socket.write('GET /mutate HTTP/1.1\r\nHost: x\r\n\r\n');
			await once(socket, 'close');
			expect(got).to.equal('');
			expect(serving.lines).to.have.length(linesBefore);
		});
	});
});
