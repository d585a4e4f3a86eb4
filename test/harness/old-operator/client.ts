/** API client with the few calls that the operator uses. The client records every write. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';
import type { KubeObject } from './objects.ts';

export interface Write {
	readonly verb: 'POST' | 'PUT';
	/** For example `deployments`, `mcpservers` or `mcpservers/status`. */
	readonly resource: string;
	readonly name: string;
	/** False for a PUT that did not change the stored object. */
	readonly changed: boolean;
}

export interface Client {
	readonly writes: readonly Write[];
	/** Resolves with undefined if the object does not exist. */
	readonly get: <T extends KubeObject>(apiVersion: string, resource: string, name: string) => Promise<T | undefined>;
	readonly list: <T extends KubeObject>(apiVersion: string, resource: string, labelSelector?: string) => Promise<T[]>;
	readonly create: <T extends KubeObject>(resource: string, object: T) => Promise<T>;
	/** `resource` may include a subresource, for example `mcpservers/status`. */
	readonly replace: <T extends KubeObject>(resource: string, object: T) => Promise<T>;
	readonly close: () => Promise<void>;
}

/** An error response of the API server. `message` is the message of the returned Status object. */
export class ApiError extends Error {
	readonly status: number;
	constructor(status: number, message: string) {
		super(message);
		this.status = status;
	}
}

export interface ClientOptions {
	readonly url: string;
	/** CA certificate in PEM format. */
	readonly ca: string;
	readonly token: string;
	readonly namespace: string;
	/** Called after each write with the sent object, the stored object, and the warnings in the response. */
	readonly onWrite?: (write: Write, sent: KubeObject, stored: KubeObject, warnings: readonly string[]) => void;
}

const REQUEST_TIMEOUT_MS = 30_000;
/**
 * Number of retries after a response with Retry-After, as in client-go. The API server sends such responses under
 * overload, and for a new CRD whose storage is not ready.
 */
const RETRIES = 10;

export function createClient({ url, ca, token, namespace, onWrite }: ClientOptions): Client {
	const agent = new Agent({ connect: { ca } });
	const writes: Write[] = [];

	const pathOf = (apiVersion: string, resource: string, name?: string): string => {
		const [plural, subresource] = resource.split('/');
		const root = apiVersion === 'v1' ? '/api/v1' : `/apis/${apiVersion}`;
		const parts = [root, 'namespaces', namespace, plural, name, name && subresource];
		return parts.filter((part) => part !== undefined).join('/');
	};
	const call = async (
		method: 'GET' | 'POST' | 'PUT',
		path: string,
		body?: object,
		retries = RETRIES,
	): Promise<Answered> => {
		const response = await request(`${url}${path}`, {
			dispatcher: agent,
			method,
			headers: {
				authorization: `Bearer ${token}`,
				'content-type': 'application/json',
				'user-agent': 'thv-operator/v0.12.5 (stand-in)',
			},
			body: body === undefined ? null : JSON.stringify(body),
			headersTimeout: REQUEST_TIMEOUT_MS,
			bodyTimeout: REQUEST_TIMEOUT_MS,
		});
		const answer = await response.body.text();
		const retryAfterSeconds = Number(response.headers['retry-after']);
		if (response.statusCode >= 400 && retryAfterSeconds > 0 && retries > 0) {
			await sleep(retryAfterSeconds * 1_000);
			return call(method, path, body, retries - 1);
		}
		if (response.statusCode >= 400) throw new ApiError(response.statusCode, messageOf(answer));
		return { object: JSON.parse(answer), warnings: warningsIn(response.headers['warning']) };
	};
	const record = (write: Write, sent: KubeObject, { object, warnings }: Answered): void => {
		writes.push(write);
		onWrite?.(write, sent, object as KubeObject, warnings);
	};

	return {
		writes,
		get: async <T extends KubeObject>(apiVersion: string, resource: string, name: string) => {
			try {
				return (await call('GET', pathOf(apiVersion, resource, name))).object as T;
			} catch (error) {
				if (error instanceof ApiError && error.status === 404) return undefined;
				throw error;
			}
		},
		list: async <T extends KubeObject>(apiVersion: string, resource: string, labelSelector = '') => {
			const query = `?labelSelector=${encodeURIComponent(labelSelector)}`;
			const { object } = await call('GET', `${pathOf(apiVersion, resource)}${query}`);
			return (object as { items: T[] }).items;
		},
		create: async <T extends KubeObject>(resource: string, object: T) => {
			const answered = await call('POST', pathOf(object.apiVersion, resource), object);
			record({ verb: 'POST', resource, name: object.metadata.name, changed: true }, object, answered);
			return answered.object as T;
		},
		replace: async <T extends KubeObject>(resource: string, object: T) => {
			const { name, resourceVersion } = object.metadata;
			const answered = await call('PUT', pathOf(object.apiVersion, resource, name), object);
			const stored = answered.object as T;
			const changed = stored.metadata.resourceVersion !== resourceVersion;
			record({ verb: 'PUT', resource, name, changed }, object, answered);
			return stored;
		},
		close: () => agent.close(),
	};
}

interface Answered {
	readonly object: unknown;
	readonly warnings: readonly string[];
}

/** Returns the texts of Warning headers, which have the form `299 - "text"`. */
function warningsIn(header: string | string[] | undefined): string[] {
	const text = [header ?? []].flat().join(', ');
	return [...text.matchAll(/299 \S+ "((?:[^"\\]|\\.)*)"/g)].map(([, warning = '']) => warning.replace(/\\(.)/g, '$1'));
}

function messageOf(answer: string): string {
	try {
		const status: unknown = JSON.parse(answer);
		if (typeof status === 'object' && status !== null && 'message' in status) return String(status.message);
	} catch {
		// Some error responses are plain text.
	}
	return answer.trim();
}
