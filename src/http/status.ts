/** Answers that are not an AdmissionReview: Kubernetes' own Status object, so that the API server can quote its message. */
import type { ServerResponse } from 'node:http';

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

export function sendStatus(response: ServerResponse, code: number, message: string): void {
	if (response.headersSent || response.destroyed) return;
	const reason = REASONS[code] ?? 'Unknown';
	sendJson(
		response,
		code,
		JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', message, reason, code }),
	);
}

export function sendJson(response: ServerResponse, code: number, json: string): void {
	response.writeHead(code, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(json) });
	response.end(json);
}
