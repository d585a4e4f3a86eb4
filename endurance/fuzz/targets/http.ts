/**
 * Sends bytes to the sockets of the real servers. The first letter selects the port: `p` for the webhook over plain
 * HTTP, `t` for the TLS port without a handshake, `h` for the port of /readyz and /metrics. After each text, the next
 * valid request must succeed.
 */
import { type AddressInfo, connect } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'chai';
import { mutate } from '../../../src/admission/mutate.ts';
import { validate } from '../../../src/admission/validate.ts';
import { createHealth } from '../../../src/http/health.ts';
import { listenHttp } from '../../../src/http/listen.ts';
import { DEFAULT_SETTINGS } from '../../../src/policy/settings.ts';
import { clusterOf } from '../../../test/harness/memory-cluster.ts';
import { reviewWith, startServing } from '../../../test/harness/serving.ts';
import { caseReviews } from '../seeds.ts';
import type { Target } from '../target.ts';

let started: ReturnType<typeof start> | undefined;

async function start() {
	const cluster = clusterOf(caseReviews()[0]?.around ?? []);
	const serving = await startServing({
		mutate: (request, signal) => mutate(request, cluster, DEFAULT_SETTINGS, signal),
		validate: (request) => validate(request, cluster),
		maxInFlight: 8,
	});
	const plain = await listenHttp(serving.webhook.listener, 0);
	const health = await listenHttp(
		createHealth(() => [], serving.metrics),
		0,
	);
	const portOf = (server: typeof plain): number => (server.address() as AddressInfo).port;
	return {
		ports: { p: portOf(plain), t: serving.port, h: portOf(health) } as Readonly<Record<string, number>>,
		lines: serving.lines as string[],
		stop: async () => {
			for (const server of [plain, health]) server.close().closeAllConnections();
			await serving.stop();
		},
	};
}

const requestWith = (body: string, head = ''): string =>
	`POST /mutate?timeout=5s HTTP/1.1\r\nHost: x\r\n${head}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;

export const http: Target = {
	name: 'http',
	seeds: () => [
		...caseReviews()
			.filter((_one, index) => index % 20 === 0)
			.map(({ review }) => `p${requestWith(JSON.stringify(review))}`),
		`p${requestWith('{}')}${requestWith(JSON.stringify(reviewWith()))}`,
		'pPOST /validate HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n',
		'pPOST /mutate HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n{}',
		`p${requestWith('{}', 'Content-Encoding: gzip\r\n')}`,
		'pGET /mutate HTTP/1.1\r\nHost: x\r\n\r\nHEAD /x HTTP/1.0\r\n\r\n',
		'pOPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n',
		'hGET /readyz HTTP/1.1\r\nHost: x\r\n\r\nGET /metrics HTTP/1.1\r\nHost: x\r\n\r\n',
		'tGET / HTTP/1.1\r\n\r\n',
		't\u0016\u0003\u0001\u0000\u0005\u0001\u0000\u0000\u0001\u0000',
		'pPRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
	],
	words: [
		...['\r\n', '\r\n\r\n', 'Content-Length: 5\r\n', 'Transfer-Encoding: chunked\r\n', '0\r\n\r\n'],
		...['HTTP/1.0', 'CONNECT x:1', '?timeout=', '/%', 'Expect: x\r\n'],
	],
	check: async (text) => {
		started ??= start();
		const { ports, lines } = await started;
		const [port = 'p'] = text;
		const received = await exchange(ports[port] ?? Number(ports['p']), Buffer.from(text.slice(1), 'latin1'));
		if (port !== 't') expect(received).to.match(/^(HTTP\/1\.1 [1-5]\d\d |$)/);
		const good = { method: 'POST', body: JSON.stringify(reviewWith()) };
		const answer = await fetch(`http://127.0.0.1:${ports['p']}/mutate`, good);
		expect(answer.status, 'a good request').to.equal(200);
		expect(((await answer.json()) as { response: object }).response).to.deep.equal({ uid: 'uid-1', allowed: true });
		expect(
			lines.splice(0).filter((line) => line.includes('"level":50')),
			'errors in the log',
		).to.deep.equal([]);
	},
	stop: async () => {
		await (await started)?.stop();
		started = undefined;
	},
};

const QUIET_TURNS = 6;

/** Resolves with everything that the server sends until it is idle. */
async function exchange(port: number, bytes: Buffer): Promise<string> {
	let received = '';
	let quiet = 0;
	const socket = connect({ port, host: '127.0.0.1' })
		.setEncoding('latin1')
		.on('error', () => undefined)
		.on('data', (data: string) => {
			received += data;
			quiet = 0;
		});
	await new Promise((resolve) => socket.once('connect', resolve).once('close', resolve));
	if (bytes.length > 0) socket.write(bytes);
	for (; quiet < QUIET_TURNS && !socket.destroyed; quiet += 1) await turn();
	socket.destroy();
	return received;
}
