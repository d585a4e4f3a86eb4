/**
 * Raw JSON calls to the API server. They are our own, because the typed ones of `@kubernetes/client-node` drop fields they do not
 * know and open a TLS connection each.
 */
import { type Dispatcher, request } from 'undici';
import type { Json } from '../api/types.ts';
import { type Environment, fromServiceAccount, isInPod } from './service-account.ts';

/** A call that reached the API server and was refused. */
export class ApiError extends Error {
	readonly status: number;
	constructor(message: string, status: number) {
		super(message);
		this.name = 'ApiError';
		this.status = status;
	}
}

export type Method = 'POST' | 'PUT' | 'PATCH';

/** What the API server said to a call, whether it did it or not. */
export interface ApiResponse {
	readonly status: number;
	readonly body: unknown;
	/** Of admission webhooks, and of the API server itself. */
	readonly warnings: readonly string[];
}

export interface Connection {
	/** URL of the API server, for messages. */
	readonly url: string;
	/** Parsed body of a GET. Throws ApiError on a status other than 2xx. */
	readonly get: (path: string, signal?: AbortSignal) => Promise<unknown>;
	/** Sends `body` and resolves with the parsed answer. Throws ApiError on a status other than 2xx. */
	readonly send: (
		method: Method,
		path: string,
		body: object,
		contentType: string,
		signal?: AbortSignal,
	) => Promise<unknown>;
	/** Sends `body` and resolves with whatever the answer is. */
	readonly post: (path: string, body: object, signal?: AbortSignal) => Promise<ApiResponse>;
	/** Namespace that the kubeconfig or the pod names. */
	readonly namespace: string | undefined;
	/** Body of a GET as it arrives. Rejects when nothing arrives for `idleTimeoutMs`. */
	readonly stream: (path: string, idleTimeoutMs: number, signal: AbortSignal) => Promise<AsyncIterable<Buffer>>;
	readonly close: () => Promise<void>;
}

const HEADERS_TIMEOUT_MS = 30_000;
const CONNECTION_CLOSED: ReadonlySet<string> = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE']);

/**
 * A connection by `kubeconfig`; without it by the service account of the pod that `env` tells of, else by the default file. Throws where none is
 * usable; an API server that does not answer is found out by the first call. `contextName`: another than the current one.
 */
export async function connect(
	kubeconfig: string | undefined,
	env: Environment = {},
	contextName?: string,
): Promise<Connection> {
	const isServiceAccount = isInPod(env) && kubeconfig === undefined && contextName === undefined;
	const { url, namespace, dispatcher, headers } = isServiceAccount
		? await fromServiceAccount(env)
		: // Loaded here, because a pod is better off without.
			await (await import('./kubeconfig.ts')).fromKubeconfig(kubeconfig, contextName, env);

	const call = async (
		path: string,
		bodyTimeout: number,
		signal?: AbortSignal,
		sending?: { method: Method; body: string; contentType: string },
	): Promise<Dispatcher.ResponseData> => {
		return request(new URL(url + path), {
			headers: {
				...(await headers()),
				accept: 'application/json',
				'user-agent': 'toolhive-scaling',
				...(sending !== undefined && { 'content-type': sending.contentType }),
			},
			...(sending !== undefined && { method: sending.method, body: sending.body }),
			headersTimeout: HEADERS_TIMEOUT_MS,
			bodyTimeout,
			...(dispatcher !== undefined && { dispatcher }),
			...(signal !== undefined && { signal }),
		});
	};
	return {
		url,
		get: async (path, signal) => {
			// A kept connection that the other side closes just then fails the call; undici repeats it after a GOAWAY only.
			const response = await call(path, HEADERS_TIMEOUT_MS, signal).catch((error: NodeJS.ErrnoException) => {
				if (!CONNECTION_CLOSED.has(error.code ?? '')) throw error;
				return call(path, HEADERS_TIMEOUT_MS, signal);
			});
			const text = await response.body.text();
			if (response.statusCode >= 300) throw refused(response.statusCode, text, path);
			return JSON.parse(text);
		},
		send: async (method, path, body, contentType, signal) => {
			const sending = { method, body: JSON.stringify(body), contentType };
			const response = await call(path, HEADERS_TIMEOUT_MS, signal, sending);
			const text = await response.body.text();
			if (response.statusCode >= 300) throw refused(response.statusCode, text, `${method} ${path}`);
			return JSON.parse(text);
		},
		post: async (path, body, signal) => {
			const sending = { method: 'POST' as const, body: JSON.stringify(body), contentType: 'application/json' };
			const response = await call(path, HEADERS_TIMEOUT_MS, signal, sending);
			const text = await response.body.text();
			return { status: response.statusCode, body: bodyOf(text), warnings: warningsOf(response.headers['warning']) };
		},
		namespace,
		stream: async (path, idleTimeoutMs, signal) => {
			const response = await call(path, idleTimeoutMs, signal);
			if (response.statusCode >= 300) throw refused(response.statusCode, await response.body.text(), path);
			return response.body;
		},
		close: async () => dispatcher?.destroy(),
	};
}

/** The first of `paths` that is there. Throws ApiError on an answer other than 2xx and 404. */
export async function getFirst(
	connection: Pick<Connection, 'get'>,
	paths: readonly string[],
	signal: AbortSignal,
): Promise<Json | undefined> {
	for (const path of paths) {
		try {
			return (await connection.get(path, signal)) as Json;
		} catch (error) {
			if (!(error instanceof ApiError) || error.status !== 404) throw error;
		}
	}
	return undefined;
}

/** A path that is not served is answered in plain text. */
function bodyOf(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return { message: text.slice(0, 200).trim() };
	}
}

/** Each is `299 - "text"`, with quotes and backslashes escaped. */
const warningsOf = (header: string | string[] | undefined): string[] =>
	[header ?? []].flat().map((value) => value.replace(/^\d+ \S+ "|"$/g, '').replace(/\\(.)/g, '$1'));

function refused(status: number, body: string, path: string): ApiError {
	let message = body.slice(0, 200);
	try {
		message = (JSON.parse(body) as { message?: string }).message ?? message;
	} catch {
		// A proxy in between answers in its own words.
	}
	return new ApiError(`${status} for ${path.split('?')[0]}: ${message}`, status);
}
