/** Serves the webhook on a real HTTPS socket, and provides a client. */
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text as textOf } from 'node:stream/consumers';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { pino } from 'pino';
import { issueCa, issueServing, type KeyPair } from '../../certs/issue.ts';
import type { AdmissionDecision } from '../../src/admission/response.ts';
import type { Json } from '../../src/api/types.ts';
import { type Certificate, certificateOf } from '../../src/http/certificate.ts';
import { listenHttps, shutdown } from '../../src/http/listen.ts';
import { createMetrics } from '../../src/http/metrics.ts';
import { createWebhook, type Webhook, type WebhookOptions } from '../../src/http/webhook.ts';

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

export type Reply = Awaited<ReturnType<typeof ask>>;
export type Serving = Awaited<ReturnType<typeof startServing>>;

export type ServingOptions = Partial<Pick<WebhookOptions, 'mutate' | 'validate' | 'maxInFlight'>> & {
	readonly logLevel?: string;
};

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

export async function startServing({ logLevel = 'info', ...options }: ServingOptions = {}) {
	issuer ??= issueCa();
	const ca = await issuer;
	/** Issues another certificate from the same CA. */
	const issue = async (how?: Parameters<typeof issueServing>[1]): Promise<Certificate> => {
		const { cert, key } = await issueServing(ca, how);
		return certificateOf(Buffer.from(cert), Buffer.from(key));
	};
	/** The log, one JSON text per line. */
	const lines: string[] = [];
	const metrics = createMetrics({
		...{ version: '0.0.0', isReady: () => true, watches: () => [], certificateExpiry: () => undefined },
		inFlight: () => webhook.inFlight(),
	});
	const log = pino({ base: null, level: logLevel }, { write: (line: string) => void lines.push(line) });
	const answers = { mutate: () => ALLOWED, validate: () => ALLOWED, maxInFlight: 200, ...options };
	const webhook: Webhook = createWebhook({ ...answers, log, metrics });
	const certificate = await issue();
	const server = await listenHttps(webhook.listener, certificate, 0);
	const { port } = server.address() as AddressInfo;
	return {
		...{ port, server, ca, certificate, issue, webhook, metrics, lines },
		ask: (question: Question = {}) => ask(port, ca.cert, question),
		/** Opens a TLS connection, for bytes that no HTTP client sends. */
		dial: async (how: ConnectionOptions = {}): Promise<TLSSocket> => {
			const socket = connect({ host: '127.0.0.1', port, ca: ca.cert, ...how });
			await once(socket, 'secureConnect');
			return socket;
		},
		stop: () => shutdown(server),
	};
}

async function ask(port: number, ca: string, question: Question) {
	const { method = 'POST', path = '/mutate', body = reviewWith(), isChunked = false, agent = false } = question;
	const bytes = Buffer.from(typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body));
	const headers = { ...question.headers, ...(!isChunked && { 'content-length': String(bytes.length) }) };
	const request = httpsRequest({ host: '127.0.0.1', port, ca, method, path, headers, agent });
	const responding = once(request, 'response');
	if (isChunked) for (let at = 0; at < bytes.length; at += 65_536) request.write(bytes.subarray(at, at + 65_536));
	request.end(isChunked ? undefined : bytes);
	const [response] = (await responding) as [IncomingMessage];
	const text = await textOf(response);
	const { statusCode: status = 0, headers: received } = response;
	return { status, headers: received, text, json: jsonOf(text), isReused: request.reusedSocket };
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
