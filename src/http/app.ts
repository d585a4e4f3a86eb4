/** The HTTPS side: two paths, one way to answer, one place for what goes wrong. */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import express, { type Express } from 'express';
import type { Logger } from 'pino';
import type { AdmissionDecision } from '../admission/response.ts';
import { parseReview, type Request, reviewOf } from '../admission/review.ts';
import { MUTATE_PATH, VALIDATE_PATH } from '../api/webhook-configurations.ts';
import {
	BODY_LIMIT_BYTES,
	BodiesTooLarge,
	BodyCutOff,
	BodyTooLarge,
	createHeld,
	discardBody,
	isTooLong,
	readBody,
} from './body.ts';
import { createBudget, DeadlinePassed, within } from './deadline.ts';
import type { Metrics } from './metrics.ts';
import { ROUND_TRIP_PATH } from './round-trip.ts';
import { sendJson, sendStatus } from './status.ts';
import { createLooking, createTurns, LARGE_LENGTH, TooMuchWaiting } from './turns.ts';

/** Decides one request. Rejects only for bugs, an unreachable API server, or when `signal` ends it. */
export type Handler = (request: Request, signal: AbortSignal) => AdmissionDecision | Promise<AdmissionDecision>;

export interface WebhookOptions {
	readonly mutate: Handler;
	readonly validate: Handler;
	readonly maxInFlight: number;
	readonly log: Logger;
	readonly metrics: Pick<Metrics, 'observeReview' | 'countRefused' | 'countWarning' | 'countDenial'>;
}

export interface Webhook {
	/** Everything: both paths, and what is said to other ones. */
	readonly app: Express;
	/** The same, with a short cut to the two paths that carry all the load. */
	readonly listener: RequestListener;
	readonly inFlight: () => number;
	/** From now on every answer asks the client to close its connection, so that the API server goes elsewhere. */
	readonly startDraining: () => void;
}

export function createWebhook({ mutate, validate, maxInFlight, log, metrics }: WebhookOptions): Webhook {
	const budgetOf = createBudget();
	// A review's line is made of plain fields, so there is nothing to look for in it; errors still go through redaction.
	const lines = log.child({}, { redact: [] });
	const held = createHeld();
	const inTurn = createTurns();
	const look = createLooking();
	let inFlight = 0;
	let isDraining = false;

	/** Only when the answer is there, so that what was in flight when we were told to go says it too. */
	const sendElsewhere = (response: ServerResponse): void => {
		if (isDraining && !response.headersSent) response.setHeader('connection', 'close');
	};
	const refuse = (response: ServerResponse, code: number, message: string): void => {
		metrics.countRefused(code);
		sendElsewhere(response);
		sendStatus(response, code, message);
	};
	/** Refuses once the client has sent all of a body that nobody looks at, or it would not get to read the answer. */
	const refuseUnread = (request: IncomingMessage, response: ServerResponse, code: number, message: string): void => {
		response.setHeader('connection', 'close');
		discardBody(request, () => refuse(response, code, message));
	};

	/** The API server asks again after Retry-After, on a new connection and so perhaps another replica. */
	const refuseBusy = (request: IncomingMessage, response: ServerResponse): void => {
		response.setHeader('retry-after', '1');
		refuseUnread(request, response, 503, 'too many requests in flight');
	};

	/** Answers, at once where nothing has to be looked up. Neither throws nor rejects. */
	const review = (
		request: IncomingMessage,
		response: ServerResponse,
		handler: Handler,
		body: string,
		startedMs: number,
	): void | Promise<void> => {
		const budgetMs = budgetOf(request.url ?? '');
		const leftMs = budgetMs - (performance.now() - startedMs);
		// It may have waited for its turn.
		if (leftMs <= 0) {
			refuse(response, 504, `no answer within ${budgetMs} ms`);
			return;
		}
		const parsed = parseReview(body);
		if ('error' in parsed) {
			refuse(response, 400, parsed.error);
			return;
		}
		const { uid, kind, namespace, name, operation, resource } = parsed;
		const finish = (verdict: string) => {
			const ms = performance.now() - startedMs;
			metrics.observeReview({ operation, resource, verdict }, ms / 1000);
			return { uid, kind, namespace, name, operation, verdict, ms: Math.round(ms * 1000) / 1000 };
		};
		const give = (answer: AdmissionDecision): void => {
			const json = JSON.stringify(reviewOf(uid, answer));
			lines.info(finish(verdictOf(answer)), 'review');
			for (const { id } of answer.findings) metrics.countWarning(id);
			if (!answer.allowed) for (const { id } of answer.violations) metrics.countDenial(id);
			sendElsewhere(response);
			sendJson(response, 200, json);
		};
		const giveUp = (error: unknown): void => {
			if (error instanceof TooMuchWaiting) {
				refuseBusy(request, response);
				return;
			}
			log.error({ ...finish('error'), err: error }, 'review failed');
			if (error instanceof DeadlinePassed) refuse(response, 504, `no answer within ${budgetMs} ms`);
			else refuse(response, 500, 'internal error; see the log for the uid');
		};
		try {
			const answering = within(
				leftMs,
				(signal) => handler(parsed, signal),
				(working) => look(body.length, working),
			);
			if (answering instanceof Promise) return answering.then(give).catch(giveUp);
			give(answering);
		} catch (error) {
			giveUp(error);
		}
	};

	/** Refuses what cannot be taken, and gives whatever was thrown its status. Never rejects. */
	const route =
		(handler: Handler) =>
		async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
			if (isTooLong(request)) {
				refuseUnread(request, response, 413, TOO_LARGE);
				return;
			}
			if (request.headers['content-encoding'] !== undefined) {
				refuseUnread(request, response, 415, 'compressed bodies are not taken');
				return;
			}
			try {
				const startedMs = performance.now();
				const body = await readBody(request, held);
				const work = (): void | Promise<void> => {
					// Who asked may have gone meanwhile.
					if (response.destroyed) return;
					// Counted only now, or those who send slowly, and those who wait, would take the places of all others.
					if (inFlight >= maxInFlight) {
						refuseBusy(request, response);
						return;
					}
					inFlight += 1;
					const end = (): void => {
						inFlight -= 1;
					};
					const waiting = review(request, response, handler, body, startedMs);
					if (waiting === undefined) end();
					else return waiting.then(end);
				};
				if (body.length > LARGE_LENGTH) await inTurn(body.length, work, response);
				else await work();
			} catch (error) {
				if (error instanceof BodyTooLarge) refuseUnread(request, response, 413, TOO_LARGE);
				else if (error instanceof BodiesTooLarge || error instanceof TooMuchWaiting) refuseBusy(request, response);
				else if (!(error instanceof BodyCutOff)) fail(error, response);
			}
		};
	const fail = (error: unknown, response: ServerResponse): void => {
		log.error({ err: error }, 'request failed');
		refuse(response, 500, 'internal error');
	};

	const routes = new Map([
		[MUTATE_PATH, route(mutate)],
		[VALIDATE_PATH, route(validate)],
	]);
	const app = express();
	app.disable('x-powered-by');
	app.disable('etag');
	app.set('query parser', false);
	for (const [path, handle] of routes) {
		app.post(path, handle);
		app.all(path, (_request, response) => {
			response.setHeader('allow', 'POST');
			refuse(response, 405, 'send an AdmissionReview with POST');
		});
	}
	app.use((_request: IncomingMessage, response: ServerResponse) =>
		refuse(response, 404, `nothing here: use ${MUTATE_PATH} or ${VALIDATE_PATH}`),
	);
	app.use((error: unknown, _request: IncomingMessage, response: ServerResponse, _next: () => void) =>
		fail(error, response),
	);
	return {
		app,
		listener: (request, response) => {
			// Express gives every request another prototype, which costs more than a small review does.
			const handle = request.method === 'POST' ? routes.get(pathOf(request.url ?? '')) : undefined;
			if (handle !== undefined) void handle(request, response);
			else if (request.url === ROUND_TRIP_PATH) response.end('ok\n');
			else app(request, response);
		},
		inFlight: () => inFlight,
		startDraining: () => {
			isDraining = true;
		},
	};
}

const TOO_LARGE = `the body is longer than ${BODY_LIMIT_BYTES} bytes`;

function pathOf(url: string): string {
	const mark = url.indexOf('?');
	return mark === -1 ? url : url.slice(0, mark);
}

function verdictOf(answer: AdmissionDecision): string {
	if (!answer.allowed) return 'denied';
	return answer.patch.length > 0 ? 'mutated' : 'unchanged';
}
