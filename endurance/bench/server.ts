/** One server to be measured, in a process of its own: `node server.ts NAME FOLDER PORT`, with tls.crt and tls.key in FOLDER. */
import { createServer } from 'node:https';
import { mutate } from '../../src/admission/mutate.ts';
import { validate } from '../../src/admission/validate.ts';
import { readCertificate } from '../../src/http/certificate.ts';
import { listenHttps } from '../../src/http/listen.ts';
import { createMetrics } from '../../src/http/metrics.ts';
import { createWebhook } from '../../src/http/webhook.ts';
import { createLog } from '../../src/server/log.ts';
import { CLUSTER, SETTINGS } from './payloads.ts';
import { plainExpress } from './plain-express.ts';

const CONSTANT_PATCH = Buffer.from('[{"op":"replace","path":"/spec/replicas","value":3}]').toString('base64');

/** The least that a webhook in Node can do: read, parse, answer. */
async function startFloor(folder: string, port: number): Promise<void> {
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
	server.listen(port, '127.0.0.1');
}

/** What `thv-scaling serve` builds, with servers from memory instead of a cluster. */
async function startProduct(folder: string, port: number): Promise<void> {
	const certificate = await readCertificate(folder);
	const log = createLog('info');
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
	await listenHttps(webhook.listener, certificate, port);
}

/** What most people would write first. */
async function startPlainExpress(folder: string, port: number): Promise<void> {
	const { cert, key } = await readCertificate(folder);
	createServer({ cert, key, keepAliveTimeout: 95_000 }, plainExpress()).listen(port, '127.0.0.1');
}

const STARTS: Readonly<Record<string, (folder: string, port: number) => Promise<void>>> = {
	floor: startFloor,
	product: startProduct,
	'plain express': startPlainExpress,
};

const [name = '', folder = '.', port] = process.argv.slice(2);
const start = STARTS[name];
if (start === undefined) throw new Error(`no server ${name}; there are ${Object.keys(STARTS).join(', ')}`);
await start(folder, Number(port));
