/** The HTTPS side: two paths, one way to answer, one place for what goes wrong. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import express, { type Express } from 'express';
import type { Logger } from 'pino';
import type { Answer } from '../admission/answer.ts';
import { parseReview, type Request, reviewOf } from '../admission/review.ts';
import { BODY_LIMIT_BYTES, BodyCutOff, BodyTooLarge, isTooLong, readBody } from './body.ts';
import { budgetMs } from './deadline.ts';
import type { Metrics } from './metrics.ts';
import { sendJson, sendStatus } from './status.ts';

/** Decides one request. Rejects only for bugs, an unreachable API server, or when `signal` ends it. */
export type Handler = (request: Request, signal: AbortSignal) => Answer | Promise<Answer>;

export interface WebhookOptions {
	readonly mutate: Handler;
	readonly validate: Handler;
	readonly maxInFlight: number;
	readonly log: Logger;
	readonly metrics: Pick<Metrics, 'observeReview' | 'countRefused' | 'countWarnings'>;
}

export interface Webhook {
	readonly app: Express;
	readonly inFlight: () => number;
	/** From now on every answer asks the client to close its connection, so that the API server goes elsewhere. */
	readonly startDraining: () => void;
}

export function createWebhook({ mutate, validate, maxInFlight, log, metrics }: WebhookOptions): Webhook {
	let inFlight = 0;
	let isDraining = false;

	const refuse = (response: ServerResponse, code: number, message: string): void => {
		metrics.countRefused(code);
		sendStatus(response, code, message);
	};

	const review = async (request: IncomingMessage, response: ServerResponse, handler: Handler): Promise<void> => {
		const startedMs = performance.now();
		const parsed = parseReview(await readBody(request));
		if ('error' in parsed) {
			refuse(response, 400, parsed.error);
			return;
		}
		const { answer, json, failure } = await decide(parsed, handler, budgetMs(request.url ?? ''));
		const ms = performance.now() - startedMs;
		const verdict = answer === undefined ? 'error' : verdictOf(answer);
		metrics.observeReview({ operation: parsed.operation, resource: parsed.resource, verdict }, ms / 1000);
		const { uid, kind, namespace, name, operation } = parsed;
		const line = { uid, kind, namespace, name, operation, verdict, ms: Math.round(ms * 1000) / 1000 };
		if (answer === undefined) {
			log.error({ ...line, err: failure?.error }, 'review failed');
			refuse(response, failure?.code ?? 500, failure?.message ?? 'internal error');
			return;
		}
		log.info(line, 'review');
		if (answer.warnings.length > 0) metrics.countWarnings(answer.warnings.length);
		sendJson(response, 200, json);
	};

	/** Counts, refuses what cannot be taken, and gives whatever was thrown its status. */
	const route =
		(handler: Handler) =>
		async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
			if (isDraining) response.setHeader('connection', 'close');
			if (isTooLong(request)) {
				refuseUnread(request, response, () => refuse(response, 413, TOO_LARGE));
				return;
			}
			if (request.headers['content-encoding'] !== undefined) {
				refuseUnread(request, response, () => refuse(response, 415, 'compressed bodies are not taken'));
				return;
			}
			if (inFlight >= maxInFlight) {
				// The API server asks again after Retry-After, on a new connection and so perhaps another replica.
				response.setHeader('retry-after', '1');
				refuseUnread(request, response, () => refuse(response, 503, 'too many requests in flight'));
				return;
			}
			inFlight += 1;
			try {
				await review(request, response, handler);
			} catch (error) {
				if (error instanceof BodyTooLarge) refuseUnread(request, response, () => refuse(response, 413, TOO_LARGE));
				else if (!(error instanceof BodyCutOff)) throw error;
			} finally {
				inFlight -= 1;
			}
		};

	const app = express();
	app.disable('x-powered-by');
	app.disable('etag');
	app.set('query parser', false);
	for (const [path, handler] of Object.entries({ '/mutate': mutate, '/validate': validate })) {
		app.post(path, route(handler));
		app.all(path, (_request, response) => {
			response.setHeader('allow', 'POST');
			refuse(response, 405, 'send an AdmissionReview with POST');
		});
	}
	app.use((_request: IncomingMessage, response: ServerResponse) =>
		refuse(response, 404, 'nothing here: use /mutate or /validate'),
	);
	app.use((error: unknown, _request: IncomingMessage, response: ServerResponse, _next: () => void) => {
		log.error({ err: error }, 'request failed');
		refuse(response, 500, 'internal error');
	});
	return {
		app,
		inFlight: () => inFlight,
		startDraining: () => {
			isDraining = true;
		},
	};
}

const TOO_LARGE = `the body is longer than ${BODY_LIMIT_BYTES} bytes`;

/** How much of a refused body is still read, so that the client gets to see the answer before the connection ends. */
const DISCARD_BYTES = 4 * BODY_LIMIT_BYTES;

function refuseUnread(request: IncomingMessage, response: ServerResponse, refuse: () => void): void {
	let discarded = 0;
	response.setHeader('connection', 'close');
	request.on('data', (chunk: Buffer) => {
		discarded += chunk.length;
		if (discarded > DISCARD_BYTES) request.destroy();
	});
	request.on('end', refuse);
	request.on('error', () => undefined);
}

interface Decided {
	readonly answer?: Answer;
	/** The AdmissionReview that carries `answer`. */
	readonly json: string;
	readonly failure?: { readonly code: number; readonly message: string; readonly error: unknown };
}

async function decide(request: Request, handler: Handler, budget: number): Promise<Decided> {
	const deadline = createDeadline(budget);
	try {
		const answering = handler(request, deadline.signal);
		const answer = answering instanceof Promise ? await Promise.race([answering, deadline.passed]) : answering;
		return { answer, json: JSON.stringify(reviewOf(request.uid, answer)) };
	} catch (error) {
		if (deadline.signal.aborted)
			return { json: '', failure: { code: 504, message: `no answer within ${budget} ms`, error } };
		return { json: '', failure: { code: 500, message: 'internal error; see the log for the uid', error } };
	} finally {
		deadline.clear();
	}
}

function createDeadline(budget: number): { signal: AbortSignal; passed: Promise<never>; clear: () => void } {
	const controller = new AbortController();
	const { promise, reject } = Promise.withResolvers<never>();
	promise.catch(() => undefined);
	const timer = setTimeout(() => {
		controller.abort();
		reject(new Error('the deadline passed'));
	}, budget);
	return { signal: controller.signal, passed: promise, clear: () => clearTimeout(timer) };
}

function verdictOf(answer: Answer): string {
	if (!answer.allowed) return 'denied';
	return answer.patch.length > 0 ? 'mutated' : 'unchanged';
}
