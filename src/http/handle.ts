/** Handles one AdmissionReview, from its request to its response. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import type { AdmissionDecision } from '../admission/response.ts';
import { parseReview, type Request, responseText } from '../admission/review.ts';
import { TooManyLookups } from '../api/errors.ts';
import { BODY_LIMIT_BYTES, BodyCutOff, BodyTooLarge, declaredBytes, readBody, SMALL_BODY_BYTES } from './body.ts';
import type { Budget } from './budget.ts';
import { DeadlinePassed, within } from './deadline.ts';
import type { Metrics } from './metrics.ts';
import type { Responder } from './respond.ts';

/** Decides one request. Rejects only if there is a bug, the API server is unreachable, or `signal` is aborted. */
export type Handler = (request: Request, signal: AbortSignal) => AdmissionDecision | Promise<AdmissionDecision>;

export type ReviewMetrics = Pick<Metrics, 'observeReview' | 'countRefused' | 'countWarning' | 'countDenial'>;

/** The objects that all requests share. */
export interface Shared {
	readonly log: Logger;
	/** A logger without redaction: the log line of a review has plain fields only, so it has nothing to redact. */
	readonly reviewLog: Logger;
	readonly metrics: ReviewMetrics;
	readonly respond: Responder;
	readonly deadlineOf: (url: string) => number;
	/** The budget for bytes of bodies that are being received or processed. */
	readonly bodies: Budget;
	readonly inFlight: Budget;
}

const TOO_LARGE = `the body is longer than ${BODY_LIMIT_BYTES} bytes`;

/** Handles one request. Never rejects: every error becomes an HTTP status. */
export async function handle(
	handler: Handler,
	request: IncomingMessage,
	response: ServerResponse,
	shared: Shared,
): Promise<void> {
	const { respond, bodies, inFlight } = shared;
	const startedMs = performance.now();
	const bytes = declaredBytes(request);
	if (bytes > BODY_LIMIT_BYTES) return respond.refuseUnread(request, response, 413, TOO_LARGE);
	if (request.headers['content-encoding'] !== undefined) {
		return respond.refuseUnread(request, response, 415, 'compressed bodies are not supported');
	}
	const reserved = bytes > SMALL_BODY_BYTES ? bytes : 0;
	if (!bodies.reserve(reserved)) return respond.refuseBusy(request, response);
	try {
		const body = await readBody(request);
		// The client may have closed the connection meanwhile.
		if (response.destroyed) return;
		// A request counts as in flight only after its body was received, so that slow clients cannot use up the limit.
		if (!inFlight.reserve(1)) return respond.refuseBusy(request, response);
		try {
			// A small body is reserved only if its review has to wait for a look-up.
			const waitingBytes = reserved === 0 ? body.length : 0;
			const answering = review({ handler, request, response, startedMs, waitingBytes, shared }, body);
			if (answering !== undefined) await answering;
		} finally {
			inFlight.release(1);
		}
	} catch (error) {
		if (error instanceof BodyTooLarge) respond.refuseUnread(request, response, 413, TOO_LARGE);
		else if (!(error instanceof BodyCutOff)) failRequest(error, response, shared);
	} finally {
		bodies.release(reserved);
	}
}

/** Answers a request that failed because of a bug. */
export function failRequest(error: unknown, response: ServerResponse, { log, respond }: Shared): void {
	log.error({ err: error }, 'request failed');
	respond.refuse(response, 500, 'internal error');
}

/** A request whose body was received. */
interface Received {
	readonly handler: Handler;
	readonly request: IncomingMessage;
	readonly response: ServerResponse;
	readonly startedMs: number;
	/** The bytes to reserve while the review waits for a look-up. */
	readonly waitingBytes: number;
	readonly shared: Shared;
}

/**
 * Answers one AdmissionReview. Without a look-up it answers synchronously, because a promise costs more than a small
 * review. Never throws or rejects.
 */
function review(received: Received, body: string): void | Promise<void> {
	const { handler, request, response, startedMs, waitingBytes, shared } = received;
	const deadlineMs = shared.deadlineOf(request.url ?? '');
	const leftMs = deadlineMs - (performance.now() - startedMs);
	if (leftMs <= 0) return shared.respond.refuse(response, 504, timedOut(deadlineMs));
	const parsed = parseReview(body);
	if ('error' in parsed) return shared.respond.refuse(response, 400, parsed.error);
	const answer = (decision: AdmissionDecision): void => sendDecision(decision, parsed, received);
	const giveUp = (error: unknown): void => refuseFailed(error, parsed, deadlineMs, received);
	try {
		const deciding = within(
			leftMs,
			(signal) => handler(parsed, signal),
			(working) => reserveWhile(working, waitingBytes, shared.bodies),
		);
		if (deciding instanceof Promise) return deciding.then(answer).catch(giveUp);
		answer(deciding);
	} catch (error) {
		giveUp(error);
	}
}

const timedOut = (deadlineMs: number): string => `no answer within ${deadlineMs} ms`;

function reserveWhile(working: Promise<unknown>, bytes: number, bodies: Budget): void {
	if (!bodies.reserve(bytes)) throw new TooManyLookups();
	const release = (): void => bodies.release(bytes);
	working.then(release, release);
}

function sendDecision(decision: AdmissionDecision, request: Request, received: Received): void {
	const { metrics, reviewLog, respond } = received.shared;
	const json = responseText(request.uid, decision);
	const fields = observed(request, verdictOf(decision), received);
	// A review without a change and without warnings is logged at debug only: the API server's audit log has it too.
	if (fields.verdict === 'unchanged' && decision.findings.length === 0) reviewLog.debug(fields, 'review');
	else reviewLog.info(fields, 'review');
	for (const { id } of decision.findings) metrics.countWarning(id);
	if (!decision.allowed) for (const { id } of decision.violations) metrics.countDenial(id);
	respond.json(received.response, json);
}

function refuseFailed(error: unknown, parsed: Request, deadlineMs: number, received: Received): void {
	const { log, respond } = received.shared;
	const fields = observed(parsed, 'error', received);
	if (error instanceof TooManyLookups) {
		log.warn(fields, 'review refused: too many look-ups');
		respond.refuseBusy(received.request, received.response, 'too many reviews wait for a look-up');
		return;
	}
	log.error({ ...fields, err: error }, 'review failed');
	const isLate = error instanceof DeadlinePassed;
	const message = isLate ? timedOut(deadlineMs) : `internal error; search the log for uid ${parsed.uid}`;
	respond.refuse(received.response, isLate ? 504 : 500, message);
}

/** Records the duration of a review and returns the fields of its log line. */
function observed({ uid, kind, namespace, name, operation, resource }: Request, verdict: string, received: Received) {
	const ms = performance.now() - received.startedMs;
	received.shared.metrics.observeReview({ operation, resource, verdict }, ms / 1000);
	return { uid, kind, namespace, name, operation, verdict, ms: Math.round(ms * 1000) / 1000 };
}

function verdictOf(decision: AdmissionDecision): string {
	if (!decision.allowed) return 'denied';
	return decision.patch.length > 0 ? 'mutated' : 'unchanged';
}
