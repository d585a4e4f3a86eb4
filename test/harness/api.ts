/** Sends requests to the API server without kubectl, as any user, and returns each warning separately. */
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import type { Json } from '../../src/api/types.ts';
import type { ControlPlane, User } from './control-plane/start.ts';

export interface ApiAnswer {
	readonly status: number;
	readonly body: Json;
	readonly warnings: readonly string[];
}

export interface ApiRequest {
	readonly body?: object;
	/** Default: the admin. */
	readonly user?: User;
	/** Impersonates this user, with all permissions. */
	readonly as?: string;
	/** Default: `application/json`. */
	readonly contentType?: string;
	/** The request is rejected if no response arrives within this time. */
	readonly timeoutMs?: number;
}

export interface Api {
	/** Sends a request. Resolves for every status, including errors. */
	readonly send: (method: string, path: string, how?: ApiRequest) => Promise<ApiAnswer>;
	readonly close: () => void;
}

const MAX_CONNECTIONS = 200;

export function openApi(plane: ControlPlane): Api {
	const agent = new Agent({ ca: readFileSync(plane.caFile), keepAlive: true, maxSockets: MAX_CONNECTIONS });
	const send: Api['send'] = (method, path, how = {}) => {
		const { body, user = 'admin', as, contentType = 'application/json', timeoutMs } = how;
		const headers = {
			authorization: `Bearer ${plane.token(user)}`,
			'content-type': contentType,
			// The API server derives the field manager from this header.
			...(user === 'operator' && { 'user-agent': 'thv-operator' }),
			// The group grants the permissions. The webhooks receive the user name.
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

/** Parses a response body. An API server that is shutting down responds with plain text. */
function bodyOf(text: string): Json {
	try {
		return JSON.parse(text) as Json;
	} catch {
		return { message: text.trim() };
	}
}

/** Returns the text of a warning header, such as `299 - "a \"quoted\" text"` (RFC 7234). */
const warningIn = (header: string): string =>
	(/^\d+ \S+ "(.*)"$/.exec(header)?.[1] ?? header).replaceAll(/\\(.)/g, '$1');
