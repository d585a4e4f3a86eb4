/** API client with the few calls that the operator uses. The client records every write. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type ApiAnswer, openApi } from '../api.ts';
import type { ControlPlane } from '../control-plane/start.ts';
import type { KubeObject } from './objects.ts';

export interface Write {
	readonly verb: 'POST' | 'PUT';
	/** For example `deployments`, `mcpservers` or `mcpservers/status`. */
	readonly resource: string;
	readonly name: string;
	/** False for a PUT that did not change the stored object. */
	readonly changed: boolean;
}

/** Called after each write with the sent object, the stored object, and the warnings in the response. */
export type OnWrite = (write: Write, sent: KubeObject, stored: KubeObject, warnings: readonly string[]) => void;

export type Client = ReturnType<typeof createClient>;

const REQUEST_TIMEOUT_MS = 30_000;
/** The API server sends these statuses under overload, and for a new CRD whose storage is not ready. */
const RETRIED = [429, 503];
const RETRY_MS = 1_000;
const RETRIES = 10;

export function createClient(plane: ControlPlane, namespace: string, onWrite?: OnWrite) {
	const api = openApi(plane);
	const writes: Write[] = [];

	const pathOf = (apiVersion: string, resource: string, name?: string): string => {
		const [plural, subresource] = resource.split('/');
		const root = apiVersion === 'v1' ? '/api/v1' : `/apis/${apiVersion}`;
		const parts = [root, 'namespaces', namespace, plural, name, name && subresource];
		return parts.filter((part) => part !== undefined).join('/');
	};
	const send = async (method: string, path: string, body?: object, retries = RETRIES): Promise<ApiAnswer> => {
		const how = { user: 'operator', timeoutMs: REQUEST_TIMEOUT_MS, ...(body !== undefined && { body }) } as const;
		const answer = await api.send(method, path, how);
		if (!RETRIED.includes(answer.status) || retries === 0) return answer;
		await sleep(RETRY_MS);
		return send(method, path, body, retries - 1);
	};
	const write = async <T extends KubeObject>(verb: Write['verb'], resource: string, sent: T): Promise<T> => {
		const { name, resourceVersion } = sent.metadata;
		const path = pathOf(sent.apiVersion, resource, verb === 'PUT' ? name : undefined);
		const answer = must(await send(verb, path, sent));
		const stored = answer.body as object as T;
		const done = { verb, resource, name, changed: stored.metadata.resourceVersion !== resourceVersion };
		writes.push(done);
		onWrite?.(done, sent, stored, answer.warnings);
		return stored;
	};
	return {
		writes: writes as readonly Write[],
		/** Resolves with undefined if the object does not exist. */
		get: async <T extends KubeObject>(apiVersion: string, resource: string, name: string): Promise<T | undefined> => {
			const answer = await send('GET', pathOf(apiVersion, resource, name));
			return answer.status === 404 ? undefined : (must(answer).body as object as T);
		},
		list: async <T extends KubeObject>(apiVersion: string, resource: string): Promise<T[]> =>
			must(await send('GET', pathOf(apiVersion, resource))).body['items'] as T[],
		create: <T extends KubeObject>(resource: string, object: T) => write('POST', resource, object),
		/** `resource` may include a subresource, for example `mcpservers/status`. */
		replace: <T extends KubeObject>(resource: string, object: T) => write('PUT', resource, object),
		close: api.close,
	};
}

function must(answer: ApiAnswer): ApiAnswer {
	if (answer.status >= 400) throw new Error(String(answer.body['message']));
	return answer;
}
