/**
 * Raw JSON calls to the API server. `@kubernetes/client-node` loads the kubeconfig and authenticates; the calls are our
 * own, because its typed ones drop fields they do not know and open a TLS connection each.
 */
import { HttpMethod, KubeConfig, RequestContext } from '@kubernetes/client-node';
import { type Dispatcher, request } from 'undici';
import type { Json } from '../toolhive/types.ts';

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
export interface Answer {
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
	readonly post: (path: string, body: object, signal?: AbortSignal) => Promise<Answer>;
	/** Namespace that the kubeconfig or the pod names. */
	readonly namespace: string | undefined;
	/** Body of a GET as it arrives. Rejects when nothing arrives for `idleTimeoutMs`. */
	readonly stream: (path: string, idleTimeoutMs: number, signal: AbortSignal) => Promise<AsyncIterable<Buffer>>;
	readonly close: () => Promise<void>;
}

const HEADERS_TIMEOUT_MS = 30_000;
const AUTHENTICATED_FOR_MS = 10_000;

/**
 * A connection by `kubeconfig`; without it by the pod's service account, else by the default file. Throws where none is
 * usable; an API server that does not answer is found out by the first call. `contextName`: another than the current one.
 */
export async function connect(
	kubeconfig: string | undefined,
	isInPod: boolean,
	contextName?: string,
): Promise<Connection> {
	const config = loadConfig(kubeconfig, isInPod);
	if (contextName !== undefined) useContext(config, contextName);
	const url = config.getCurrentCluster()?.server;
	if (url === undefined) throw new Error('no cluster in the kubeconfig: set --kubeconfig or run in a pod');
	let context = await authenticate(config, url);
	let authenticatedMs = performance.now();
	// One dispatcher for all calls: the client would make one, and so one TLS connection, for each.
	const dispatcher = context.getDispatcher() as Dispatcher | undefined;
	/** A service account's token is replaced while we run; reading all files again for each call would be waste. */
	const authHeaders = async (): Promise<Record<string, string>> => {
		if (performance.now() - authenticatedMs > AUTHENTICATED_FOR_MS) {
			context = await authenticate(config, url);
			authenticatedMs = performance.now();
		}
		return context.getHeaders();
	};

	const call = async (
		path: string,
		bodyTimeout: number,
		signal?: AbortSignal,
		sending?: { method: Method; body: string; contentType: string },
	): Promise<Dispatcher.ResponseData> => {
		return request(new URL(path, url), {
			headers: {
				...(await authHeaders()),
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
			const response = await call(path, HEADERS_TIMEOUT_MS, signal);
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
		namespace: config.getContextObject(config.getCurrentContext())?.namespace,
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

async function authenticate(config: KubeConfig, url: string): Promise<RequestContext> {
	const context = new RequestContext(url, HttpMethod.GET);
	await config.applySecurityAuthentication(context);
	return context;
}

function loadConfig(kubeconfig: string | undefined, isInPod: boolean): KubeConfig {
	const config = new KubeConfig();
	try {
		if (kubeconfig !== undefined) config.loadFromFile(kubeconfig);
		else if (isInPod) config.loadFromCluster();
		else {
			config.loadFromDefault();
			// What the client makes up where there is no file.
			if (config.getCurrentCluster()?.server === 'http://localhost:8080') {
				throw new Error('there is none: neither in KUBECONFIG nor ~/.kube/config; name one with --kubeconfig');
			}
		}
	} catch (error) {
		// What the client makes of a list with something else in it.
		if (error instanceof TypeError) throw new Error(NO_KUBECONFIG, { cause: error });
		// The YAML reader goes on for lines with a picture of the place.
		throw new Error((error as Error).message.split('\n', 1)[0], { cause: error });
	}
	return config;
}

const NO_KUBECONFIG = 'it is no kubeconfig: look at its lists of clusters, users and contexts';

function useContext(config: KubeConfig, name: string): void {
	if (config.getContextObject(name) === null) throw new Error(`no context ${JSON.stringify(name)} in it`);
	config.setCurrentContext(name);
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
