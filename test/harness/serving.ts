/** A webhook on a real HTTPS socket, and a client for it. */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { Agent, request as httpsRequest, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import { pino } from 'pino';
import { issueCa, issueServing, type KeyPair } from '../../certs/issue.ts';
import type { AdmissionDecision } from '../../src/admission/response.ts';
import type { Json } from '../../src/api/types.ts';
import { type Certificate, certificateOf } from '../../src/http/certificate.ts';
import type { Handler } from '../../src/http/handle.ts';
import { listenHttps, shutdown } from '../../src/http/listen.ts';
import { createMetrics, type Metrics } from '../../src/http/metrics.ts';
import { createWebhook, type Webhook } from '../../src/http/webhook.ts';

export interface Question {
	readonly method?: string;
	readonly path?: string;
	/** Text or bytes; anything else is sent as JSON. */
	readonly body?: unknown;
	/** Send the body without saying how long it is. */
	readonly isChunked?: boolean;
	/** Without one every request gets a connection of its own. */
	readonly agent?: Agent;
}

export interface Reply {
	readonly status: number;
	readonly headers: IncomingHttpHeaders;
	readonly text: string;
	/** The body as JSON, or undefined. */
	readonly json: Json | undefined;
	/** Of the certificate that the server showed. */
	readonly serialNumber: string;
	readonly isReused: boolean;
}

export interface Serving {
	readonly port: number;
	readonly server: Server;
	readonly ca: KeyPair;
	readonly certificate: Certificate;
	/** Another one of the same CA. */
	readonly issue: (options?: Parameters<typeof issueServing>[1]) => Promise<Certificate>;
	readonly webhook: Webhook;
	readonly metrics: Metrics;
	/** The log, one JSON text per line. */
	readonly lines: readonly string[];
	readonly ask: (question?: Question) => Promise<Reply>;
	/** A TLS connection for bytes that no HTTP client would send. */
	readonly dial: () => Promise<TLSSocket>;
	readonly stop: () => Promise<void>;
}

export interface ServingOptions {
	readonly mutate?: Handler;
	readonly validate?: Handler;
	readonly maxInFlight?: number;
	readonly logLevel?: string;
	/** Which of the two ways in is served. */
	readonly door?: 'app' | 'listener';
}

export const ALLOWED: AdmissionDecision = { allowed: true, patch: [], findings: [] };

/** An AdmissionReview; `request` is laid over a CREATE of a Deployment. */
export const reviewWith = (request: Json = {}): Json => ({
	apiVersion: 'admission.k8s.io/v1',
	kind: 'AdmissionReview',
	request: {
		uid: 'uid-1',
		kind: { group: 'apps', version: 'v1', kind: 'Deployment' },
		resource: { group: 'apps', version: 'v1', resource: 'deployments' },
		namespace: 'shop',
		name: 'github',
		operation: 'CREATE',
		userInfo: { username: 'someone' },
		object: { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'github' } },
		oldObject: null,
		...request,
	},
});

let ca: Promise<KeyPair> | undefined;

export async function startServing(options: ServingOptions = {}): Promise<Serving> {
	ca ??= issueCa();
	const issuer = await ca;
	const issue: Serving['issue'] = async (options) => {
		const { cert, key } = await issueServing(issuer, options);
		return certificateOf(Buffer.from(cert), Buffer.from(key));
	};
	const lines: string[] = [];
	const metrics = createMetrics({
		version: '0.0.0',
		isReady: () => true,
		inFlight: () => webhook.inFlight(),
		watches: () => [],
		certificateExpiry: () => undefined,
	});
	const webhook = createWebhook({
		mutate: options.mutate ?? (() => ALLOWED),
		validate: options.validate ?? (() => ALLOWED),
		maxInFlight: options.maxInFlight ?? 200,
		log: pino({ base: null, level: options.logLevel ?? 'info' }, { write: (line: string) => void lines.push(line) }),
		metrics,
	});
	const certificate = await issue();
	const server = await listenHttps(webhook[options.door ?? 'listener'], certificate, 0);
	const { port } = server.address() as AddressInfo;
	return {
		port,
		server,
		ca: issuer,
		certificate,
		issue,
		webhook,
		metrics,
		lines,
		ask: (question = {}) => ask(port, issuer.cert, question),
		dial: () => dial(port, issuer.cert),
		stop: () => shutdown(server),
	};
}

function ask(port: number, ca: string, question: Question): Promise<Reply> {
	const { method = 'POST', path = '/mutate', body = reviewWith(), isChunked = false, agent } = question;
	const bytes =
		typeof body === 'string' || Buffer.isBuffer(body) ? Buffer.from(body) : Buffer.from(JSON.stringify(body));
	const headers = isChunked ? {} : { 'content-length': String(bytes.length) };
	return new Promise((resolve, reject) => {
		const request = httpsRequest(
			{ host: '127.0.0.1', port, ca, method, path, headers, agent: agent ?? false },
			(response) => {
				const { socket } = response as IncomingMessage & { socket: TLSSocket };
				const { serialNumber } = socket.getPeerCertificate();
				const chunks: Buffer[] = [];
				response.on('data', (chunk: Buffer) => chunks.push(chunk));
				response.on('error', reject);
				response.on('end', () => {
					const text = Buffer.concat(chunks).toString();
					resolve({
						status: response.statusCode ?? 0,
						headers: response.headers,
						text,
						json: jsonOf(text),
						serialNumber,
						isReused: request.reusedSocket,
					});
				});
			},
		);
		request.on('error', reject);
		if (isChunked) for (let at = 0; at < bytes.length; at += 65_536) request.write(bytes.subarray(at, at + 65_536));
		request.end(isChunked ? undefined : bytes);
	});
}

function jsonOf(text: string): Json | undefined {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}

function dial(port: number, ca: string): Promise<TLSSocket> {
	return new Promise((resolve, reject) => {
		const socket = connect({ host: '127.0.0.1', port, ca }, () => resolve(socket));
		socket.once('error', reject);
	});
}

/** A keep-alive agent that holds one connection. */
export const oneConnection = (): Agent => new Agent({ keepAlive: true, maxSockets: 1 });
