/** The API server without kubectl: hundreds of requests, as any user, with each warning separately. */
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import type { Json } from '../../src/api/types.ts';
import type { ControlPlane } from './control-plane/start.ts';

export interface ApiAnswer {
	readonly status: number;
	readonly body: Json;
	readonly warnings: readonly string[];
}

export interface ApiRequest {
	readonly body?: object;
	/** A user name; without it the admin. Every user may do everything here. */
	readonly as?: string;
	/** Without it `application/json`. */
	readonly contentType?: string;
	/** Rejects if there is no response by then. */
	readonly timeoutMs?: number;
}

export interface Api {
	/** Resolves with any status. */
	readonly send: (method: string, path: string, how?: ApiRequest) => Promise<ApiAnswer>;
	readonly close: () => void;
}

const MAX_CONNECTIONS = 200;

export function openApi(plane: ControlPlane): Api {
	const agent = new Agent({ ca: readFileSync(plane.caFile), keepAlive: true, maxSockets: MAX_CONNECTIONS });
	const send: Api['send'] = (method, path, { body, as, contentType = 'application/json', timeoutMs } = {}) => {
		const headers = {
			authorization: `Bearer ${plane.token('admin')}`,
			'content-type': contentType,
			// The group gives the permissions; the name is in the requests to webhooks.
			...(as !== undefined && { 'impersonate-user': as, 'impersonate-group': 'system:masters' }),
		};
		const signal = timeoutMs === undefined ? {} : { signal: AbortSignal.timeout(timeoutMs) };
		return new Promise((resolve, reject) => {
			const sent = request(`${plane.url}${path}`, { agent, method, headers, ...signal }, (response) => {
				let text = '';
				response.setEncoding('utf8').on('data', (chunk: string) => {
					text += chunk;
				});
				response.on('error', reject).on('end', () =>
					resolve({
						status: response.statusCode ?? 0,
						body: bodyOf(text),
						warnings: (response.headersDistinct['warning'] ?? []).map(warningIn),
					}),
				);
			});
			sent.on('error', reject).end(body === undefined ? undefined : JSON.stringify(body));
		});
	};
	return { send, close: () => agent.destroy() };
}

/** An API server that is shutting down responds in plain text. */
function bodyOf(text: string): Json {
	try {
		return JSON.parse(text) as Json;
	} catch {
		return { message: text.trim() };
	}
}

/** `299 - "a \"quoted\" text"` (RFC 7234, as Kubernetes writes it). */
const warningIn = (header: string): string =>
	(/^\d+ \S+ "(.*)"$/.exec(header)?.[1] ?? header).replaceAll(/\\(.)/g, '$1');
