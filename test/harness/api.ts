/** Sends requests to the API server without kubectl, as any user, and returns each warning separately. */
import { readFileSync } from 'node:fs';
import { Agent, request } from 'undici';
import type { Json } from '../../src/api/types.ts';
import type { User } from './control-plane/credentials.ts';

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

export type Api = ReturnType<typeof openApi>;

const MAX_CONNECTIONS = 200;

/** The parts of a control plane that a client needs. */
interface Target {
	readonly url: string;
	readonly caFile: string;
	readonly token: (user: User) => string;
}

export function openApi({ url, caFile, token }: Target) {
	const ca = readFileSync(caFile, 'utf8');
	const dispatcher = new Agent({ connect: { ca }, connections: MAX_CONNECTIONS, allowH2: false });
	/** Sends a request. Resolves for every status, including errors. */
	const send = async (method: string, path: string, how: ApiRequest = {}): Promise<ApiAnswer> => {
		const { body, user = 'admin', as, contentType = 'application/json', timeoutMs } = how;
		const response = await request(`${url}${path}`, {
			dispatcher,
			method,
			headers: {
				authorization: `Bearer ${token(user)}`,
				'content-type': contentType,
				// The API server derives the field manager from this header.
				...(user === 'operator' && { 'user-agent': 'thv-operator' }),
				// The group grants the permissions. The webhooks receive the user name.
				...(as !== undefined && { 'impersonate-user': as, 'impersonate-group': 'system:masters' }),
			},
			body: body === undefined ? null : JSON.stringify(body),
			...(timeoutMs !== undefined && { signal: AbortSignal.timeout(timeoutMs) }),
		});
		const text = await response.body.text();
		const warnings = [response.headers['warning'] ?? []].flat().map(warningIn);
		return { status: response.statusCode, body: bodyOf(text), warnings };
	};
	return { send, close: () => void dispatcher.destroy() };
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
