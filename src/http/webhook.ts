/** The webhook port: selects the handler of a path and rejects all other requests. */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import express, { type Express } from 'express';
import type { Logger } from 'pino';
import { MUTATE_PATH, VALIDATE_PATH } from '../api/webhook-configurations.ts';
import { BODY_BUDGET_BYTES } from './body.ts';
import { createBudget } from './budget.ts';
import { createDeadlines } from './deadline.ts';
import { failRequest, type Handler, handle, type ReviewMetrics, type Shared } from './handle.ts';
import { createResponder } from './respond.ts';
import { SELF_CHECK_PATH } from './self-check.ts';

export interface WebhookOptions {
	readonly mutate: Handler;
	readonly validate: Handler;
	readonly maxInFlight: number;
	readonly log: Logger;
	readonly metrics: ReviewMetrics;
}

export interface Webhook {
	/** Handles every path, including unknown ones. */
	readonly app: Express;
	/** Handles the two admission paths directly and passes all other requests to `app`. */
	readonly listener: RequestListener;
	readonly inFlight: () => number;
	/** From now on every response closes its connection, so that the API server uses another replica. */
	readonly startDraining: () => void;
}

export function createWebhook({ mutate, validate, maxInFlight, log, metrics }: WebhookOptions): Webhook {
	const shared: Shared = {
		log,
		reviewLog: log.child({}, { redact: [] }),
		metrics,
		respond: createResponder(metrics),
		deadlineOf: createDeadlines(),
		bodies: createBudget(BODY_BUDGET_BYTES),
		inFlight: createBudget(maxInFlight),
	};
	const handlers = new Map([
		[MUTATE_PATH, mutate],
		[VALIDATE_PATH, validate],
	]);
	const app = createApp(handlers, shared);
	return {
		app,
		listener: (request, response) => {
			// Express replaces the prototype of every request, which costs more than a small review.
			const handler = request.method === 'POST' ? handlers.get(pathOf(request.url ?? '')) : undefined;
			if (handler !== undefined) void handle(handler, request, response, shared);
			else if (request.url === SELF_CHECK_PATH) response.end('ok\n');
			else app(request, response);
		},
		inFlight: shared.inFlight.reserved,
		startDraining: shared.respond.startDraining,
	};
}

function createApp(handlers: ReadonlyMap<string, Handler>, shared: Shared): Express {
	const { respond } = shared;
	const app = express();
	app.disable('x-powered-by');
	app.disable('etag');
	app.set('query parser', false);
	for (const [path, handler] of handlers) {
		app.post(path, (request, response) => handle(handler, request, response, shared));
		app.all(path, (_request, response) => {
			response.setHeader('allow', 'POST');
			respond.refuse(response, 405, 'send an AdmissionReview with POST');
		});
	}
	app.use((_request: IncomingMessage, response: ServerResponse) =>
		respond.refuse(response, 404, `not found: use ${MUTATE_PATH} or ${VALIDATE_PATH}`),
	);
	app.use((error: unknown, _request: IncomingMessage, response: ServerResponse, _next: () => void) =>
		failRequest(error, response, shared),
	);
	return app;
}

function pathOf(url: string): string {
	const mark = url.indexOf('?');
	return mark === -1 ? url : url.slice(0, mark);
}
