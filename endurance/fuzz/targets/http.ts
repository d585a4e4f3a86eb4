/**
 * Sends bytes to the sockets of the real servers. The first letter selects the connection: `p` for a plain connection,
 * `s` for data inside TLS, `t` for the TLS port without a handshake, `h` for the port of /readyz and /metrics. After
 * each text, the next valid request must succeed.
 */
import { type AddressInfo, connect as connectPlain, type Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { expect } from 'chai';
import { mutate } from '../../../src/admission/mutate.ts';
import { validate } from '../../../src/admission/validate.ts';
import { createHealth } from '../../../src/http/health.ts';
import { listenHttp } from '../../../src/http/listen.ts';
import { DEFAULT_SETTINGS } from '../../../src/policy/settings.ts';
import { clusterOf } from '../../../test/harness/memory-cluster.ts';
import { reviewWith, type Serving, startServing } from '../../../test/harness/serving.ts';
import { caseReviews } from '../seeds.ts';
import type { Target } from '../target.ts';
import { checkResponses } from './http-responses.ts';

interface Ports {
	readonly plain: number;
	readonly health: number;
	readonly serving: Serving;
	readonly stop: () => Promise<void>;
}

let started: Promise<Ports> | undefined;

async function start(): Promise<Ports> {
	const cluster = clusterOf(caseReviews()[0]?.around ?? []);
	const serving = await startServing({
		mutate: (request, signal) => mutate(request, cluster, DEFAULT_SETTINGS, signal),
		validate: (request) => validate(request, cluster),
		maxInFlight: 8,
	});
	const plain = await listenHttp(serving.webhook.listener, 0);
	const healthListener = createHealth(() => [], serving.metrics);
	const health = await listenHttp(healthListener, 0);
	const portOf = (server: typeof plain): number => (server.address() as AddressInfo).port;
	return {
		plain: portOf(plain),
		health: portOf(health),
		serving,
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
	seeds: () => {
		const bodies = caseReviews().filter((_one, index) => index % 20 === 0);
		return [
			...bodies.flatMap(({ review }) => ['p', 's'].map((where) => where + requestWith(JSON.stringify(review)))),
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
		];
	},
	words: [
		...['\r\n', '\r\n\r\n', 'Content-Length: 5\r\n', 'Transfer-Encoding: chunked\r\n', '0\r\n\r\n'],
		...['HTTP/1.0', 'CONNECT x:1', '?timeout=', '/%', 'Expect: x\r\n'],
	],
	check: async (text) => {
		started ??= start();
		const ports = await started;
		const received = await exchange(ports, text[0] ?? 'p', Buffer.from(text.slice(1), 'latin1'));
		if (text[0] !== 't') checkResponses(received, text[0] === 'h');
		await checkGood(ports);
	},
	stop: async () => {
		await (await started)?.stop();
		started = undefined;
	},
};

const QUIET_TURNS = 6;

/** Resolves with everything that the server sends until it is idle. */
async function exchange({ plain, health, serving }: Ports, where: string, bytes: Buffer): Promise<string> {
	const socket: Socket =
		where === 's'
			? connectTls({ port: serving.port, host: '127.0.0.1', ca: serving.ca.cert })
			: connectPlain({ port: where === 't' ? serving.port : where === 'h' ? health : plain, host: '127.0.0.1' });
	let received = '';
	let quiet = 0;
	let isClosed = false;
	socket.setEncoding('latin1');
	socket.on('data', (data: string) => {
		received += data;
		quiet = 0;
	});
	socket.on('error', () => undefined);
	socket.on('close', () => {
		isClosed = true;
	});
	await new Promise<void>((resolve) => {
		socket.once(where === 's' ? 'secureConnect' : 'connect', resolve);
		socket.once('close', resolve);
	});
	if (bytes.length > 0) socket.write(bytes);
	for (quiet = 0; quiet < QUIET_TURNS && !isClosed; quiet += 1) await turn();
	socket.destroy();
	return received;
}

const GOOD = JSON.stringify(reviewWith());

async function checkGood({ plain, serving }: Ports): Promise<void> {
	const answer = await fetch(`http://127.0.0.1:${plain}/mutate`, { method: 'POST', body: GOOD });
	expect(answer.status, 'a good request').to.equal(200);
	expect(((await answer.json()) as { response: object }).response).to.deep.equal({ uid: 'uid-1', allowed: true });
	const errors = serving.lines.filter((line) => line.includes('"level":50'));
	expect(errors, 'errors in the log').to.deep.equal([]);
	(serving.lines as string[]).length = 0;
}
