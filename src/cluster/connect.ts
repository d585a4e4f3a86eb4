/**
 * Raw JSON calls to the API server. `@kubernetes/client-node` loads the kubeconfig and authenticates; the calls are our
 * own, because its typed ones drop fields they do not know and open a TLS connection each.
 */
import { HttpMethod, KubeConfig, RequestContext } from '@kubernetes/client-node';
import { type Dispatcher, request } from 'undici';

/** A call that reached the API server and was refused. */
export class ApiError extends Error {
	readonly status: number;
	constructor(message: string, status: number) {
		super(message);
		this.name = 'ApiError';
		this.status = status;
	}
}

export interface Connection {
	/** URL of the API server, for messages. */
	readonly url: string;
	/** Parsed body of a GET. Throws ApiError on a status other than 2xx. */
	readonly get: (path: string, signal?: AbortSignal) => Promise<unknown>;
	/** Body of a GET as it arrives. Rejects when nothing arrives for `idleTimeoutMs`. */
	readonly stream: (path: string, idleTimeoutMs: number, signal: AbortSignal) => Promise<AsyncIterable<Buffer>>;
	readonly close: () => Promise<void>;
}

const HEADERS_TIMEOUT_MS = 30_000;

/**
 * A connection by `kubeconfig`; without it by the pod's service account, else by the default file. Throws where none is
 * usable; an API server that does not answer is found out by the first call.
 */
export async function connect(kubeconfig: string | undefined, isInPod: boolean): Promise<Connection> {
	const config = loadConfig(kubeconfig, isInPod);
	const url = config.getCurrentCluster()?.server;
	if (url === undefined) throw new Error('no cluster in the kubeconfig: set --kubeconfig or run in a pod');
	// One dispatcher for all calls: the client would make one, and so one TLS connection, for each.
	const context = new RequestContext(url, HttpMethod.GET);
	await config.applySecurityAuthentication(context);
	const dispatcher = context.getDispatcher() as Dispatcher | undefined;

	const call = async (path: string, bodyTimeout: number, signal?: AbortSignal): Promise<Dispatcher.ResponseData> => {
		// Asked for each time: a service account's token file is replaced while we run.
		const auth = new RequestContext(url, HttpMethod.GET);
		await config.applySecurityAuthentication(auth);
		return request(new URL(path, url), {
			headers: { ...auth.getHeaders(), accept: 'application/json', 'user-agent': 'toolhive-scaling' },
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
		stream: async (path, idleTimeoutMs, signal) => {
			const response = await call(path, idleTimeoutMs, signal);
			if (response.statusCode >= 300) throw refused(response.statusCode, await response.body.text(), path);
			return response.body;
		},
		close: async () => dispatcher?.destroy(),
	};
}

function loadConfig(kubeconfig: string | undefined, isInPod: boolean): KubeConfig {
	const config = new KubeConfig();
	try {
		if (kubeconfig !== undefined) config.loadFromFile(kubeconfig);
		else if (isInPod) config.loadFromCluster();
		else config.loadFromDefault();
	} catch (error) {
		// The YAML reader goes on for lines with a picture of the place.
		throw new Error((error as Error).message.split('\n', 1)[0], { cause: error });
	}
	return config;
}

function refused(status: number, body: string, path: string): ApiError {
	let message = body.slice(0, 200);
	try {
		message = (JSON.parse(body) as { message?: string }).message ?? message;
	} catch {
		// A proxy in between answers in its own words.
	}
	return new ApiError(`${status} for ${path.split('?')[0]}: ${message}`, status);
}
