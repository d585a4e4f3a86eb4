/**
 * Sends and counts every response on the webhook port. An error is a Kubernetes Status, whose message the API server
 * quotes.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { discardBody } from './body.ts';
import type { Metrics } from './metrics.ts';

export interface Responder {
	/** Sends an AdmissionReview. */
	readonly json: (response: ServerResponse, body: string) => void;
	readonly refuse: (response: ServerResponse, code: number, message: string) => void;
	/**
	 * Rejects a request whose body was not read. The body is discarded first, or the client would not read the response.
	 */
	readonly refuseUnread: (request: IncomingMessage, response: ServerResponse, code: number, message: string) => void;
	/**
	 * Rejects with 503. The API server retries after Retry-After on a new connection, and so perhaps at another replica.
	 */
	readonly refuseBusy: (request: IncomingMessage, response: ServerResponse, message?: string) => void;
	/** From now on, every response closes its connection. */
	readonly startDraining: () => void;
}

const REASONS: Readonly<Record<number, string>> = {
	400: 'BadRequest',
	404: 'NotFound',
	405: 'MethodNotAllowed',
	413: 'RequestEntityTooLarge',
	415: 'UnsupportedMediaType',
	500: 'InternalError',
	503: 'ServiceUnavailable',
	504: 'Timeout',
};

export function createResponder(metrics: Pick<Metrics, 'countRefused'>): Responder {
	let isDraining = false;
	const send = (response: ServerResponse, code: number, body: string): void => {
		// The header is set only when the response is sent, so that requests in flight at the start of draining close their
		// connections too.
		if (isDraining) response.setHeader('connection', 'close');
		response.writeHead(code, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
		response.end(body);
	};
	const refuse: Responder['refuse'] = (response, code, message) => {
		metrics.countRefused(code);
		if (response.headersSent || response.destroyed) return;
		const reason = REASONS[code] ?? 'Unknown';
		send(
			response,
			code,
			JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', message, reason, code }),
		);
	};
	const refuseUnread: Responder['refuseUnread'] = (request, response, code, message) => {
		response.setHeader('connection', 'close');
		discardBody(request, () => refuse(response, code, message));
	};
	return {
		json: (response, body) => send(response, 200, body),
		refuse,
		refuseUnread,
		refuseBusy: (request, response, message = 'too many requests in flight') => {
			response.setHeader('retry-after', '1');
			refuseUnread(request, response, 503, message);
		},
		startDraining: () => {
			isDraining = true;
		},
	};
}
