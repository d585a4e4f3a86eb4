/** Serves the webhook on a real HTTPS socket, and provides a client. */
import type { IncomingHttpHeaders } from 'node:http';
import { Agent, request as httpsRequest, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text as textOf } from 'node:stream/consumers';
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
	readonly headers?: Readonly<Record<string, string>>;
	/** Sends the body without Content-Length. */
	readonly isChunked?: boolean;
	/** Without an agent, each request has a new connection. */
	readonly agent?: Agent;
}

export interface Reply {
	readonly status: number;
	readonly headers: IncomingHttpHeaders;
	readonly text: string;
	/** The body as JSON, or undefined if it is not JSON. */
	readonly json: Json | undefined;
	/** The serial number of the server's certificate. */
	readonly serialNumber: string;
	readonly isReused: boolean;
}

export interface Serving {
	readonly port: number;
	readonly server: Server;
	readonly ca: KeyPair;
	readonly certificate: Certificate;
	/** Issues another certificate from the same CA. */
	readonly issue: (options?: Parameters<typeof issueServing>[1]) => Promise<Certificate>;
	readonly webhook: Webhook;
	readonly metrics: Metrics;
	/** The log, one JSON text per line. */
	readonly lines: readonly string[];
	readonly ask: (question?: Question) => Promise<Reply>;
	/** Opens a TLS connection, for bytes that no HTTP client sends. */
	readonly dial: () => Promise<TLSSocket>;
	readonly stop: () => Promise<void>;
}

export interface ServingOptions {
	readonly mutate?: Handler;
	readonly validate?: Handler;
	readonly maxInFlight?: number;
	readonly logLevel?: string;
	/** The entry point of the webhook that is served. */
	readonly entryPoint?: 'app' | 'listener';
}

export const ALLOWED: AdmissionDecision = { allowed: true, patch: [], findings: [] };

/** Returns an AdmissionReview for the creation of a Deployment; `request` replaces some of its fields. */
export const reviewWith = (request: Json = {}): Json => ({
	apiVersion: 'admission.k8s.io/v1',
	kind: 'AdmissionReview',
	request: {
		uid: 'uid-1',
		kind: { group: 'apps', version: 'v1', kind: 'Deployment' },
		resource: { group: 'apps', version: 'v1', resource: 'deployments' },
		...{ namespace: 'shop', name: 'github', operation: 'CREATE', userInfo: { username: 'jane' } },
		object: { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'github' } },
		oldObject: null,
		...request,
	},
});

/** All tests in a process share one issuer. */
let issuer: Promise<KeyPair> | undefined;

export async function startServing(options: ServingOptions = {}): Promise<Serving> {
	issuer ??= issueCa();
	const ca = await issuer;
	const issue: Serving['issue'] = async (how) => {
		const { cert, key } = await issueServing(ca, how);
		return certificateOf(Buffer.from(cert), Buffer.from(key));
	};
	const lines: string[] = [];
	const metrics = createMetrics({
		...{ version: '0.0.0', isReady: () => true, watches: () => [], certificateExpiry: () => undefined },
		inFlight: () => webhook.inFlight(),
	});
	const webhook = createWebhook({
		mutate: options.mutate ?? (() => ALLOWED),
		validate: options.validate ?? (() => ALLOWED),
		maxInFlight: options.maxInFlight ?? 200,
		log: pino({ base: null, level: options.logLevel ?? 'info' }, { write: (line: string) => void lines.push(line) }),
		metrics,
	});
	const certificate = await issue();
	const server = await listenHttps(webhook[options.entryPoint ?? 'listener'], certificate, 0);
	const { port } = server.address() as AddressInfo;
	return {
		...{ port, server, ca, certificate, issue, webhook, metrics, lines },
		ask: (question = {}) => ask(port, ca.cert, question),
		dial: () =>
			new Promise((resolve, reject) => {
				const socket = connect({ host: '127.0.0.1', port, ca: ca.cert }, () => resolve(socket));
				socket.once('error', reject);
			}),
		stop: () => shutdown(server),
	};
}

function ask(port: number, ca: string, question: Question): Promise<Reply> {
	const { method = 'POST', path = '/mutate', body = reviewWith(), isChunked = false, agent = false } = question;
	const bytes = Buffer.from(typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body));
	const headers = { ...question.headers, ...(!isChunked && { 'content-length': String(bytes.length) }) };
	return new Promise((resolve, reject) => {
		const how = { host: '127.0.0.1', port, ca, method, path, headers, agent };
		const request = httpsRequest(how, (response) => {
			const { serialNumber } = (response.socket as TLSSocket).getPeerCertificate();
			const { statusCode: status = 0, headers: received } = response;
			const { reusedSocket: isReused } = request;
			textOf(response).then(
				(text) => resolve({ status, headers: received, text, json: jsonOf(text), serialNumber, isReused }),
				reject,
			);
		});
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

/** Returns a keep-alive agent that holds one connection. */
export const oneConnection = (): Agent => new Agent({ keepAlive: true, maxSockets: 1 });
