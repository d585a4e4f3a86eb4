/** The URL of the API server and the credentials for it. */
import type { Dispatcher } from 'undici';

export interface Credentials {
	/** The URL of the API server. */
	readonly url: string;
	/** The namespace of the kubeconfig or of the Pod. */
	readonly namespace: string | undefined;
	/** The HTTP client, with the CA, the client certificate and the proxy. */
	readonly dispatcher: Dispatcher;
	/** Returns the headers of a call. The function reads token files again at intervals, because tokens are replaced. */
	readonly headers: () => Promise<Record<string, string | string[]>>;
}

const MAX_AGE_MS = 10_000;

/** Returns a function that calls `read` again when its last result is too old. */
export function cached<T>(read: () => Promise<T>): () => Promise<T> {
	let value: T;
	let readMs = Number.NEGATIVE_INFINITY;
	return async () => {
		if (performance.now() - readMs > MAX_AGE_MS) {
			value = await read();
			readMs = performance.now();
		}
		return value;
	};
}
