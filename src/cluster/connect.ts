/**
 * Sends JSON requests to the API server. The typed requests of `@kubernetes/client-node` drop fields that they do not
 * know, and each opens a TLS connection.
 */
import type { Dispatcher } from 'undici';
import { request } from 'undici/lib/api/index.js';
import { isObject, type Json } from '../api/types.ts';
import { type EnvironmentVariables, fromServiceAccount, isInPod } from './service-account.ts';

/** A response from the API server with a status other than 2xx. */
export class ApiError extends Error {
	readonly status: number;
	constructor(message: string, status: number) {
		super(message);
		this.name = 'ApiError';
		this.status = status;
	}
}

export type Method = 'POST' | 'PUT' | 'PATCH';

/** A response from the API server with any status. */
export interface ApiResponse {
	readonly status: number;
	readonly body: unknown;
	/** The warnings of admission webhooks and of the API server itself. */
	readonly warnings: readonly string[];
}

export interface Connection {
	/** The URL of the API server, for messages. */
	readonly url: string;
	/** Resolves with the parsed body of a GET. Throws ApiError on a status other than 2xx. */
	readonly get: (path: string, signal?: AbortSignal) => Promise<unknown>;
	/** Sends `body` and resolves with the parsed response. Throws ApiError on a status other than 2xx. */
	readonly send: (
		method: Method,
		path: string,
		body: object,
		contentType: string,
		signal?: AbortSignal,
	) => Promise<unknown>;
	/** Sends `body` and resolves with the response, whatever its status. */
	readonly post: (path: string, body: object, signal?: AbortSignal) => Promise<ApiResponse>;
	/** The namespace that the kubeconfig or the Pod names. */
	readonly namespace: string | undefined;
	/** Resolves with the body of a GET as it is received. Rejects if nothing is received for `idleTimeoutMs`. */
	readonly stream: (path: string, idleTimeoutMs: number, signal: AbortSignal) => Promise<AsyncIterable<Buffer>>;
	readonly close: () => Promise<void>;
}

const TIMEOUT_MS = 30_000;
const CONNECTION_CLOSED: ReadonlySet<string> = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE']);

/**
 * Connects with `kubeconfig`. Without `kubeconfig`, connects with the service account if `env` is that of a Pod, else
 * with the default kubeconfig. `contextName` selects another context than the current one. Sends no request; throws if
 * no credentials are usable.
 */
export async function connect(
	kubeconfig: string | undefined,
	env: EnvironmentVariables = {},
	contextName?: string,
): Promise<Connection> {
	const isServiceAccount = isInPod(env) && kubeconfig === undefined && contextName === undefined;
	const { url, namespace, dispatcher, headers } = isServiceAccount
		? await fromServiceAccount(env)
		: // Loaded only for a kubeconfig: the module takes 50 MiB of memory, and a Pod does not need it.
			await (await import('./kubeconfig.ts')).fromKubeconfig(kubeconfig, contextName, env);

	const { origin, pathname } = new URL(url);
	const prefix = pathname.replace(/\/$/, '');
	const call = async (
		path: string,
		signal: AbortSignal | undefined,
		{ contentType, ...options }: { method?: Method; body?: string; contentType?: string; bodyTimeout?: number } = {},
	): Promise<Dispatcher.ResponseData> =>
		request.call(dispatcher, {
			origin,
			path: prefix + path,
			method: 'GET',
			headers: {
				...(await headers()),
				accept: 'application/json',
				'user-agent': 'toolhive-scaling',
				...(contentType !== undefined && { 'content-type': contentType }),
			},
			headersTimeout: TIMEOUT_MS,
			bodyTimeout: TIMEOUT_MS,
			...options,
			...(signal !== undefined && { signal }),
		});
	return {
		url,
		get: async (path, signal) => {
			// The server may close an idle connection just when a request is sent. undici retries only after a GOAWAY frame,
			// so the request is repeated here.
			const response = await call(path, signal).catch((error: NodeJS.ErrnoException) => {
				if (!CONNECTION_CLOSED.has(error.code ?? '')) throw error;
				return call(path, signal);
			});
			return parse((await successful(response, path)).body);
		},
		send: async (method, path, body, contentType, signal) => {
			const response = await call(path, signal, { method, body: JSON.stringify(body), contentType });
			return parse((await successful(response, `${method} ${path}`)).body);
		},
		post: async (path, body, signal) => {
			const options = { method: 'POST', body: JSON.stringify(body), contentType: 'application/json' } as const;
			const response = await call(path, signal, options);
			const text = await response.body.text();
			return { status: response.statusCode, body: bodyOf(text), warnings: warningsOf(response.headers['warning']) };
		},
		namespace,
		stream: async (path, idleTimeoutMs, signal) =>
			(await successful(await call(path, signal, { bodyTimeout: idleTimeoutMs }), path)).body,
		close: () => dispatcher.destroy(),
	};
}

/** Resolves with the first of `paths` that exists. Throws ApiError on a status other than 2xx and 404. */
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

/** Returns a 2xx response. Throws ApiError on any other status. */
async function successful(response: Dispatcher.ResponseData, request: string): Promise<Dispatcher.ResponseData> {
	const { statusCode, body } = response;
	if (statusCode < 300) return response;
	const text = await body.text();
	const status = bodyOf(text);
	const message = isObject(status) ? (status['message'] ?? text.slice(0, 200)) : text.slice(0, 200);
	throw new ApiError(`${statusCode} for ${request.split('?')[0]}: ${message}`, statusCode);
}

async function parse(body: Dispatcher.ResponseData['body']): Promise<unknown> {
	const text = await body.text();
	try {
		return JSON.parse(text);
	} catch {
		// The error of JSON.parse quotes the text, which may come from a Secret.
		throw new SyntaxError('the answer is not JSON');
	}
}

/** The API server answers in plain text if it does not serve the path, and a proxy in between may answer in HTML. */
function bodyOf(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return { message: text.slice(0, 200).trim() };
	}
}

/** Parses the Warning headers, each of which is `299 - "text"` with escaped quotes and backslashes. */
const warningsOf = (header: string | string[] | undefined): string[] =>
	[header ?? []].flat().map((value) => value.replace(/^\d+ \S+ "|"$/g, '').replace(/\\(.)/g, '$1'));
