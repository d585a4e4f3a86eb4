/** Every answer of the webhook port, and what it counts. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { discardBody } from './body.ts';
import type { Metrics } from './metrics.ts';
import { sendJson, sendStatus } from './status.ts';

export interface Responder {
	readonly json: (response: ServerResponse, body: string) => void;
	/** A status that is not an AdmissionReview. */
	readonly refuse: (response: ServerResponse, code: number, message: string) => void;
	/** The same for a request whose body was not read: it is discarded first, or the client would not read the answer. */
	readonly refuseUnread: (request: IncomingMessage, response: ServerResponse, code: number, message: string) => void;
	/** 503: the API server retries after Retry-After on a new connection, and so perhaps with another replica. */
	readonly refuseBusy: (request: IncomingMessage, response: ServerResponse) => void;
	/** From now on every answer asks the client to close its connection. */
	readonly startDraining: () => void;
}

export function createResponder(metrics: Pick<Metrics, 'countRefused'>): Responder {
	let isDraining = false;
	// Set only with the answer, so that requests which were in flight when draining began close their connection too.
	const closeIfDraining = (response: ServerResponse): void => {
		if (isDraining && !response.headersSent) response.setHeader('connection', 'close');
	};
	const refuse = (response: ServerResponse, code: number, message: string): void => {
		metrics.countRefused(code);
		closeIfDraining(response);
		sendStatus(response, code, message);
	};
	const refuseUnread: Responder['refuseUnread'] = (request, response, code, message) => {
		response.setHeader('connection', 'close');
		discardBody(request, () => refuse(response, code, message));
	};
	return {
		json: (response, body) => {
			closeIfDraining(response);
			sendJson(response, 200, body);
		},
		refuse,
		refuseUnread,
		refuseBusy: (request, response) => {
			response.setHeader('retry-after', '1');
			refuseUnread(request, response, 503, 'too many requests in flight');
		},
		startDraining: () => {
			isDraining = true;
		},
	};
}
