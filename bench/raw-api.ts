/** Calls to the API server without kubectl, whose start costs more than most of what is measured here. */
import { readFileSync } from 'node:fs';
import { Agent, request } from 'undici';
import type { ControlPlane, User } from '../test/control-plane/start.ts';

export interface RawApi {
	/** Resolves with the body. Rejects on a status other than 2xx. */
	readonly call: (method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: object) => Promise<string>;
	readonly close: () => Promise<void>;
}

export function rawApi(plane: ControlPlane, user: User, connections: number): RawApi {
	const dispatcher = new Agent({ connect: { ca: readFileSync(plane.caFile) }, connections });
	const headers = { authorization: `Bearer ${plane.token(user)}`, 'content-type': 'application/json' };
	return {
		call: async (method, path, object) => {
			const body = object === undefined ? null : JSON.stringify(object);
			const { statusCode, body: answer } = await request(plane.url + path, { method, headers, body, dispatcher });
			const text = await answer.text();
			if (statusCode >= 300) throw new Error(`${method} ${path}: ${statusCode} ${text}`);
			return text;
		},
		close: () => dispatcher.close(),
	};
}
