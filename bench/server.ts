/**
 * One server to be measured, in a process of its own: `node server.ts NAME FOLDER`, with tls.crt and tls.key in
 * FOLDER. Tells its port to the parent, and its CPU time and memory whenever the parent asks.
 */
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { mutate } from '../src/admission/mutate.ts';
import { validate } from '../src/admission/validate.ts';
import { createLog } from '../src/commands/log.ts';
import { readCertificate } from '../src/http/certificate.ts';
import { listenHttps } from '../src/http/listen.ts';
import { createMetrics } from '../src/http/metrics.ts';
import { createWebhook } from '../src/http/webhook.ts';
import type { Usage } from './contestant.ts';
import { CLUSTER, SETTINGS } from './payloads.ts';
import { plainExpress } from './plain-express.ts';

const CONSTANT_PATCH = Buffer.from('[{"op":"replace","path":"/spec/replicas","value":3}]').toString('base64');

/** The least that a webhook in Node can do: read, parse, answer. */
async function startFloor(folder: string): Promise<number> {
	const { cert, key } = await readCertificate(folder);
	const server = createServer({ cert, key, keepAliveTimeout: 95_000 }, (request, response) => {
		const chunks: Buffer[] = [];
		request.on('data', (chunk: Buffer) => chunks.push(chunk));
		request.on('end', () => {
			const { request: asked } = JSON.parse(Buffer.concat(chunks).toString());
			const json = JSON.stringify({
				apiVersion: 'admission.k8s.io/v1',
				kind: 'AdmissionReview',
				response: { uid: asked.uid, allowed: true, patchType: 'JSONPatch', patch: CONSTANT_PATCH },
			});
			response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(json) });
			response.end(json);
		});
	});
	return listening(server);
}

/** What `thv-scaling serve` builds, with servers from memory instead of a cluster. */
async function startProduct(folder: string): Promise<number> {
	const certificate = await readCertificate(folder);
	const log = createLog('info', '/dev/null');
	const metrics = createMetrics({
		version: '0.0.0',
		isReady: () => true,
		inFlight: () => webhook.inFlight(),
		watches: () => [],
		certificateExpiry: () => certificate.expirySeconds,
	});
	const webhook = createWebhook({
		mutate: (request, signal) => mutate(request, CLUSTER, SETTINGS, signal),
		validate: (request) => validate(request, CLUSTER),
		maxInFlight: 200,
		log,
		metrics,
	});
	const server = await listenHttps(webhook.listener, certificate, 0);
	return (server.address() as AddressInfo).port;
}

/** What most people would write first. */
async function startPlainExpress(folder: string): Promise<number> {
	const { cert, key } = await readCertificate(folder);
	return listening(createServer({ cert, key, keepAliveTimeout: 95_000 }, plainExpress()));
}

function listening(server: Server): Promise<number> {
	return new Promise((resolve) => {
		server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
	});
}

const STARTS: Readonly<Record<string, (folder: string) => Promise<number>>> = {
	floor: startFloor,
	product: startProduct,
	'plain express': startPlainExpress,
};

const [name = '', folder = '.'] = process.argv.slice(2);
const start = STARTS[name];
if (start === undefined) throw new Error(`no server ${name}; there are ${Object.keys(STARTS).join(', ')}`);
const port = await start(folder);
process.on('message', () => {
	const { user, system } = process.cpuUsage();
	process.send?.({ cpuUs: user + system, rssBytes: process.memoryUsage.rss() } satisfies Usage);
});
process.on('disconnect', () => process.exit());
process.send?.({ port });
