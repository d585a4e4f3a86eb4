/** The webhook port: two paths, one handler. */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import express, { type Express } from 'express';
import type { Logger } from 'pino';
import type { Answer } from '../admission/answer.ts';
import { parseReview, type Request, reviewOf } from '../admission/review.ts';
import { MUTATE_PATH, VALIDATE_PATH } from '../toolhive/registrations.ts';
import {
	BODY_LIMIT_BYTES,
	BodyCutOff,
	BodyTooLarge,
	createBodyBudget,
	declaredBytes,
	readBody,
	SMALL_BODY_BYTES,
} from './body.ts';
import { createBudget, DeadlinePassed, within } from './deadline.ts';
import type { Metrics } from './metrics.ts';
import { createResponder } from './respond.ts';
import { ROUND_TRIP_PATH } from './round-trip.ts';

/** Decides one request. Rejects only for bugs, an unreachable API server, or when `signal` ends it. */
export type Handler = (request: Request, signal: AbortSignal) => Answer | Promise<Answer>;

export interface WebhookOptions {
	readonly mutate: Handler;
	readonly validate: Handler;
	readonly maxInFlight: number;
	readonly log: Logger;
	readonly metrics: Pick<Metrics, 'observeReview' | 'countRefused' | 'countWarning' | 'countDenial'>;
}

export interface Webhook {
	/** Every path, and the answers to unknown ones. */
	readonly app: Express;
	/** The same, with a short cut to the two paths that carry all the load. */
	readonly listener: RequestListener;
	readonly inFlight: () => number;
	/** From now on every answer asks the client to close its connection, so that the API server uses another replica. */
	readonly startDraining: () => void;
}

const TOO_LARGE = `the body is longer than ${BODY_LIMIT_BYTES} bytes`;

/** There is no room for a review that has to wait for a look-up. */
class TooManyWaiting extends Error {}

export function createWebhook({ mutate, validate, maxInFlight, log, metrics }: WebhookOptions): Webhook {
	const deadlineOf = createBudget();
	const bodies = createBodyBudget();
	const respond = createResponder(metrics);
	// A review's line is made of plain fields, so there is nothing to redact in it; errors still go through redaction.
	const lines = log.child({}, { redact: [] });
	let inFlight = 0;

	/** Never rejects: every error becomes a status. */
	async function handle(handler: Handler, request: IncomingMessage, response: ServerResponse): Promise<void> {
		const startedMs = performance.now();
		const bytes = declaredBytes(request);
		if (bytes > BODY_LIMIT_BYTES) return respond.refuseUnread(request, response, 413, TOO_LARGE);
		if (request.headers['content-encoding'] !== undefined) {
			return respond.refuseUnread(request, response, 415, 'compressed bodies are not taken');
		}
		const reserved = bytes > SMALL_BODY_BYTES ? bytes : 0;
		if (!bodies.reserve(reserved)) return respond.refuseBusy(request, response);
		try {
			const body = await readBody(request);
			// The client may have closed the connection meanwhile.
			if (response.destroyed) return;
			// Counted only now: slow clients must not use up the limit.
			if (inFlight >= maxInFlight) return respond.refuseBusy(request, response);
			inFlight += 1;
			try {
				const answering = review(handler, request, response, body, startedMs, reserved === 0);
				if (answering !== undefined) await answering;
			} finally {
				inFlight -= 1;
			}
		} catch (error) {
			if (error instanceof BodyTooLarge) respond.refuseUnread(request, response, 413, TOO_LARGE);
			else if (!(error instanceof BodyCutOff)) fail(error, response);
		} finally {
			bodies.release(reserved);
		}
	}

	/** Answers one AdmissionReview, at once if no look-up is needed. Never throws or rejects. */
	function review(
		handler: Handler,
		request: IncomingMessage,
		response: ServerResponse,
		body: string,
		startedMs: number,
		isUnreserved: boolean,
	): void | Promise<void> {
		const deadlineMs = deadlineOf(request.url ?? '');
		const leftMs = deadlineMs - (performance.now() - startedMs);
		if (leftMs <= 0) return respond.refuse(response, 504, `no answer within ${deadlineMs} ms`);
		const parsed = parseReview(body);
		if ('error' in parsed) return respond.refuse(response, 400, parsed.error);
		const { uid, kind, namespace, name, operation, resource } = parsed;
		const finish = (verdict: string) => {
			const ms = performance.now() - startedMs;
			metrics.observeReview({ operation, resource, verdict }, ms / 1000);
			return { uid, kind, namespace, name, operation, verdict, ms: Math.round(ms * 1000) / 1000 };
		};
		const answer = (decision: Answer): void => {
			const json = JSON.stringify(reviewOf(uid, decision));
			lines.info(finish(verdictOf(decision)), 'review');
			for (const { id } of decision.findings) metrics.countWarning(id);
			if (!decision.allowed) for (const { id } of decision.violations) metrics.countDenial(id);
			respond.json(response, json);
		};
		const giveUp = (error: unknown): void => {
			if (error instanceof TooManyWaiting) {
				respond.refuseBusy(request, response);
				return;
			}
			log.error({ ...finish('error'), err: error }, 'review failed');
			if (error instanceof DeadlinePassed) respond.refuse(response, 504, `no answer within ${deadlineMs} ms`);
			else respond.refuse(response, 500, 'internal error; see the log for the uid');
		};
		try {
			const deciding = within(
				leftMs,
				(signal) => handler(parsed, signal),
				(working) => isUnreserved && reserveWhile(working, body.length),
			);
			if (deciding instanceof Promise) return deciding.then(answer).catch(giveUp);
			answer(deciding);
		} catch (error) {
			giveUp(error);
		}
	}

	/** A small body counts from when its review has to wait. */
	function reserveWhile(working: Promise<unknown>, bytes: number): void {
		if (!bodies.reserve(bytes)) throw new TooManyWaiting();
		const release = (): void => bodies.release(bytes);
		working.then(release, release);
	}

	const fail = (error: unknown, response: ServerResponse): void => {
		log.error({ err: error }, 'request failed');
		respond.refuse(response, 500, 'internal error');
	};

	const handlers = new Map([
		[MUTATE_PATH, mutate],
		[VALIDATE_PATH, validate],
	]);
	const app = express();
	app.disable('x-powered-by');
	app.disable('etag');
	app.set('query parser', false);
	for (const [path, handler] of handlers) {
		app.post(path, (request, response) => handle(handler, request, response));
		app.all(path, (_request, response) => {
			response.setHeader('allow', 'POST');
			respond.refuse(response, 405, 'send an AdmissionReview with POST');
		});
	}
	app.use((_request: IncomingMessage, response: ServerResponse) =>
		respond.refuse(response, 404, `nothing here: use ${MUTATE_PATH} or ${VALIDATE_PATH}`),
	);
	app.use((error: unknown, _request: IncomingMessage, response: ServerResponse, _next: () => void) =>
		fail(error, response),
	);
	return {
		app,
		listener: (request, response) => {
			// Express gives every request another prototype, which costs more than a small review does.
			const handler = request.method === 'POST' ? handlers.get(pathOf(request.url ?? '')) : undefined;
			if (handler !== undefined) void handle(handler, request, response);
			else if (request.url === ROUND_TRIP_PATH) response.end('ok\n');
			else app(request, response);
		},
		inFlight: () => inFlight,
		startDraining: respond.startDraining,
	};
}

function pathOf(url: string): string {
	const mark = url.indexOf('?');
	return mark === -1 ? url : url.slice(0, mark);
}

function verdictOf(answer: Answer): string {
	if (!answer.allowed) return 'denied';
	return answer.patch.length > 0 ? 'mutated' : 'unchanged';
}
