/** Opens and uses one MCP session with the official SDK, over different kinds of connections. */
import { Agent, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Answer } from './result.ts';

const TIMEOUT_MS = 20_000;

/** A new connection for each request, one kept connection, or the unchanged SDK with its GET stream. */
export type ClientName = 'new connections' | 'kept connection' | 'SDK';

type Send = (url: string, init: { method?: string; headers?: Headers; body?: string }) => Promise<Response>;

/** Sends a request and reads the whole response. Reports that the server has no GET stream. */
const sendWith =
	(agent: Agent | false): Send =>
	async (url, { method, headers = [], body }) => {
		if (method === 'GET') return new Response(null, { status: 405 });
		const signal = AbortSignal.timeout(TIMEOUT_MS);
		const more = { ...Object.fromEntries(headers), ...(agent === false && { connection: 'close' }) };
		return new Promise((resolve, reject) => {
			const sent = request(url, { method, headers: more, agent, signal }, (response) => {
				const answered = { status: response.statusCode, headers: response.headers as Record<string, string> };
				text(response).then((whole) => resolve(new Response(whole, answered)), reject);
			});
			sent.on('error', reject).end(body);
		});
	};

const SENDERS: Readonly<Record<ClientName, () => Send>> = {
	'new connections': () => sendWith(false),
	'kept connection': () => sendWith(new Agent({ keepAlive: true, maxSockets: 1 })),
	SDK: () => fetch as Send,
};

/**
 * Opens a session, and returns a function that calls the tool once and never rejects. Uses the URLs in turn. Rejects if
 * no session can be opened.
 */
export async function open(name: ClientName, urls: readonly string[], tool: string): Promise<() => Promise<Answer>> {
	const send = SENDERS[name]();
	let next = 0;
	const inTurn: Send = (_, init) => send(urls[next++ % urls.length] ?? '', init);
	const client = new Client({ name, version: '1.0.0' });
	// The GET stream ends when its proxy ends, and the SDK opens it again. Only calls are counted.
	client.onerror = () => undefined;
	await client.connect(new StreamableHTTPClientTransport(new URL(urls[0] ?? ''), { fetch: inTurn as typeof fetch }));
	return async () => {
		try {
			const { content, isError } = await client.callTool({ name: tool, arguments: {} }, undefined, {
				timeout: TIMEOUT_MS,
			});
			const [first] = content as { text?: string }[];
			return isError ? { reason: String(first?.text).slice(0, 120) } : { text: first?.text ?? '' };
		} catch (error) {
			const { cause = error, message } = error as Error;
			const { code } = cause as { code?: unknown };
			return { reason: typeof code === 'string' ? code : message.slice(0, 160) };
		}
	};
}
