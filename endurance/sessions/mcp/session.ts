/** Opens and uses one MCP session, with plain HTTP or with the official SDK. */
import { Agent, request } from 'node:http';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Answer, ClientName } from './result.ts';

const PROTOCOL = '2025-03-26';
const TIMEOUT_MS = 20_000;

export interface Session {
	/** Calls the tool once. Never rejects. */
	readonly call: () => Promise<Answer>;
}

/**
 * Opens a session. Uses the URLs in turn, beginning with the first one for `initialize`. Rejects if no session can be
 * opened.
 */
export const open = (client: ClientName, urls: readonly string[], tool: string): Promise<Session> =>
	client === 'SDK' ? openSdk(urls, tool) : openRaw(urls, tool, client === 'kept connection');

function inTurn(urls: readonly string[]): () => string {
	let next = 0;
	return () => urls[next++ % urls.length] ?? '';
}

/** Opens a session that keeps its session id, even if a server rejects it. */
async function openRaw(urls: readonly string[], tool: string, keepsConnection: boolean): Promise<Session> {
	const nextUrl = inTurn(urls);
	const url = nextUrl();
	const params = { protocolVersion: PROTOCOL, capabilities: {}, clientInfo: { name: 'raw', version: '1.0.0' } };
	const { sessionId, reason } = await post(url, { id: 1, method: 'initialize', params });
	if (sessionId === undefined) throw new Error(`initialize: ${reason ?? 'no session id'}`);
	await post(url, { method: 'notifications/initialized' }, sessionId);
	const agents = new Map(urls.map((one) => [one, new Agent({ keepAlive: true, maxSockets: 1 })]));
	let id = 1;
	return {
		call: () => {
			const to = nextUrl();
			id += 1;
			const message = { id, method: 'tools/call', params: { name: tool, arguments: {} } };
			return post(to, message, sessionId, keepsConnection ? agents.get(to) : undefined);
		},
	};
}

/** Sends a request. Without `agent`, the request uses a new connection. */
function post(
	url: string,
	message: object,
	sessionId?: string,
	agent?: Agent,
): Promise<Answer & { sessionId?: string }> {
	const body = JSON.stringify({ jsonrpc: '2.0', ...message });
	const headers = {
		accept: 'application/json, text/event-stream',
		'content-type': 'application/json',
		'content-length': Buffer.byteLength(body),
		...(sessionId === undefined ? {} : { 'mcp-session-id': sessionId, 'mcp-protocol-version': PROTOCOL }),
		...(agent === undefined ? { connection: 'close' } : {}),
	};
	return new Promise((resolve) => {
		const fail = (prefix: string) => (error: NodeJS.ErrnoException) =>
			resolve({ reason: `${prefix}${error.code ?? error.message}` });
		const sent = request(url, { method: 'POST', headers, agent: agent ?? false, timeout: TIMEOUT_MS }, (response) => {
			let text = '';
			response.setEncoding('utf8').on('data', (chunk: string) => {
				text += chunk;
			});
			response.on('error', fail('answer: '));
			response.on('end', () => {
				const id = response.headers['mcp-session-id'];
				resolve({ ...(id === undefined ? {} : { sessionId: String(id) }), ...answerFrom(response.statusCode, text) });
			});
		});
		sent.on('timeout', () => sent.destroy(Object.assign(new Error(), { code: `no answer in ${TIMEOUT_MS / 1000} s` })));
		sent.on('error', fail(''));
		sent.end(body);
	});
}

interface Reply {
	readonly result?: { readonly isError?: boolean; readonly content?: readonly { readonly text?: string }[] };
	readonly error?: { readonly code: number; readonly message: string };
}

/** Parses the body, which is JSON or a stream of events whose last event is the reply. */
function answerFrom(status: number | undefined, text: string): Answer {
	if (status === 202) return { text: '' };
	const event = text.split('\n').findLast((line) => line.startsWith('data:'));
	let reply: Reply;
	try {
		reply = JSON.parse(text.startsWith('{') ? text : (event?.slice(5) ?? '')) as Reply;
	} catch {
		return { reason: `${status} ${text.trim().slice(0, 80)}` };
	}
	const { result, error } = reply;
	if (status === 200 && result !== undefined && result.isError !== true)
		return { text: result.content?.[0]?.text ?? '' };
	return { reason: `${status} ${error?.message ?? JSON.stringify(result).slice(0, 120)}` };
}

async function openSdk(urls: readonly string[], tool: string): Promise<Session> {
	const nextUrl = inTurn(urls);
	const url = new URL(urls[0] ?? '');
	const client = new Client({ name: 'sdk', version: '1.0.0' });
	// The GET stream ends when its proxy ends, and the SDK opens it again. Only calls are counted.
	client.onerror = () => undefined;
	const transport = url.pathname.endsWith('/sse')
		? new SSEClientTransport(url)
		: new StreamableHTTPClientTransport(url, { fetch: (_, init) => fetch(nextUrl(), init) });
	await client.connect(transport);
	return {
		call: async () => {
			try {
				const { content, isError } = await client.callTool({ name: tool, arguments: {} });
				const [first] = content as { text?: string }[];
				return isError ? { reason: String(first?.text).slice(0, 120) } : { text: first?.text ?? '' };
			} catch (error) {
				if (!(error instanceof Error)) return { reason: String(error) };
				const { code, message } = (error.cause ?? {}) as { code?: string; message?: string };
				return { reason: code ?? message ?? error.message.slice(0, 160) };
			}
		},
	};
}
