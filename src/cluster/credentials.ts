/** The URL of the API server and how to authenticate. */
import type { Dispatcher } from 'undici';

export interface Credentials {
	/** URL of the API server. */
	readonly url: string;
	/** Of the kubeconfig or the pod. */
	readonly namespace: string | undefined;
	/** With CA, client certificate and proxy. */
	readonly dispatcher: Dispatcher;
	/** Of every call. Files are read again from time to time, because tokens are replaced. */
	readonly headers: () => Promise<Record<string, string | string[]>>;
}

const MAX_AGE_MS = 10_000;

/** Calls `read` again when its last result is too old. */
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
