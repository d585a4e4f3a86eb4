/** Where the API server is, and what makes it believe who we are. */
import type { Dispatcher } from 'undici';

export interface Credentials {
	/** URL of the API server. */
	readonly url: string;
	/** Namespace that the kubeconfig or the pod names. */
	readonly namespace: string | undefined;
	/** Carries every call: connections, CA, client certificate, proxy. Absent for plain HTTP, where undici's own does. */
	readonly dispatcher: Dispatcher | undefined;
	/** What every call says in its head. Reads files again now and then: a token is replaced while we run. */
	readonly headers: () => Promise<Record<string, string | string[]>>;
}

const BELIEVED_FOR_MS = 10_000;

/** `read`, asked again only after a while: reading all files for each call would be waste. */
export function rereading<T>(read: () => Promise<T>): () => Promise<T> {
	let value: T;
	let readMs = Number.NEGATIVE_INFINITY;
	return async () => {
		if (performance.now() - readMs > BELIEVED_FOR_MS) {
			value = await read();
			readMs = performance.now();
		}
		return value;
	};
}
