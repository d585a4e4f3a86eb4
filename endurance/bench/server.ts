/** `node server.ts NAME FOLDER PORT`: starts one of the measured servers with tls.crt and tls.key from FOLDER. */
import { createServer, type Server } from 'node:https';
import express from 'express';
import jsonPatch from 'fast-json-patch';
import { mutate } from '../../src/admission/mutate.ts';
import { validate } from '../../src/admission/validate.ts';
import { readCertificate } from '../../src/http/certificate.ts';
import { listenHttps } from '../../src/http/listen.ts';
import { createMetrics } from '../../src/http/metrics.ts';
import { createWebhook } from '../../src/http/webhook.ts';
import { createLog } from '../../src/server/log.ts';
import { CLUSTER, SERVER, SETTINGS } from './payloads.ts';

const [name = '', folder = '.', port] = process.argv.slice(2);

const base64 = (patch: readonly object[]): string => Buffer.from(JSON.stringify(patch)).toString('base64');
const CONSTANT_PATCH = base64([{ op: 'replace', path: '/spec/replicas', value: 3 }]);

const responseWith = (uid: string, patch: string): object => ({
	apiVersion: 'admission.k8s.io/v1',
	kind: 'AdmissionReview',
	response: { uid, allowed: true, patchType: 'JSONPatch', patch },
});

async function createHttps(listener: NonNullable<Parameters<typeof createServer>[1]>): Promise<Server> {
	const { cert, key } = await readCertificate(folder);
	return createServer({ cert, key, keepAliveTimeout: 95_000 }, listener).listen(Number(port), '127.0.0.1');
}

/** A minimal webhook in Node: it only reads, parses and responds. */
const floor = () =>
	createHttps((request, response) => {
		const chunks: Buffer[] = [];
		request.on('data', (chunk: Buffer) => chunks.push(chunk));
		request.on('end', () => {
			const { uid } = JSON.parse(Buffer.concat(chunks).toString()).request;
			const json = JSON.stringify(responseWith(uid, CONSTANT_PATCH));
			response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(json) });
			response.end(json);
		});
	});

/** Runs the product as `thv-scaling serve` does, but reads the servers from memory. */
async function product() {
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
	await listenHttps(webhook.listener, certificate, Number(port));
}

interface Deployment {
	readonly metadata: {
		readonly ownerReferences?: readonly { kind: string; name: string }[];
		annotations?: Record<string, string>;
	};
	readonly spec: {
		replicas: number;
		readonly template: {
			readonly spec: { terminationGracePeriodSeconds: number; readonly containers: { name: string; env?: object[] }[] };
		};
	};
}

/** The most common implementation: Express with its JSON parser, a deep copy that is changed, and a comparison. */
const plainExpress = () => {
	const servers = new Map([[SERVER.name, SERVER]]);
	const scale = ({ metadata, spec }: Deployment): void => {
		const owner = metadata.ownerReferences?.find(({ kind }) => kind === SERVER.kind);
		const server = servers.get(owner?.name ?? '');
		if (server === undefined) return;
		const { replicas = 1, sessionStorage } = server.spec;
		metadata.annotations = { ...metadata.annotations, 'toolhive-scaling/applied-replicas': String(replicas) };
		spec.replicas = replicas;
		spec.template.spec.terminationGracePeriodSeconds = 60;
		for (const container of spec.template.spec.containers.filter(({ name }) => name === 'toolhive')) {
			const valueFrom = { secretKeyRef: sessionStorage?.passwordRef };
			container.env = [...(container.env ?? []), { name: 'THV_SESSION_REDIS_PASSWORD', valueFrom }];
		}
	};
	const app = express();
	app.use(express.json({ limit: '8mb' }));
	app.post('/mutate', (request, response) => {
		const { uid, object } = request.body.request;
		const wanted = structuredClone(object);
		scale(wanted);
		response.json(responseWith(uid, base64(jsonPatch.compare(object, wanted))));
	});
	return createHttps(app);
};

const SERVERS: Readonly<Record<string, () => Promise<unknown>>> = { floor, product, 'plain express': plainExpress };
const start = SERVERS[name];
if (start === undefined) throw new Error(`no server ${name}; there are ${Object.keys(SERVERS).join(', ')}`);
await start();
