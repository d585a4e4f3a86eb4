/** One session, however its client speaks the protocol. */
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { type Answer, INITIALIZE, INITIALIZED, keptConnection, post, WHOAMI } from './raw.ts';
import type { ClientName } from './result.ts';

export interface Session {
	/** One tool call; `whoami` of a vMCP has the name of its backend in front. */
	readonly call: () => Promise<Answer>;
}

/** `urls` are used in turn, the first one for `initialize`. Rejects where no session could be opened. */
export const open = (client: ClientName, urls: readonly string[], tool: string): Promise<Session> =>
	client === 'SDK' ? openSdk(urls, tool) : openRaw(urls, tool, client === 'kept connection');

function turns(urls: readonly string[]): () => string {
	let turn = 0;
	return () => {
		const url = urls[turn % urls.length] ?? '';
		turn += 1;
		return url;
	};
}

async function openRaw(urls: readonly string[], tool: string, isKept: boolean): Promise<Session> {
	const next = turns(urls);
	const url = next();
	const { sessionId, reason } = await post(url, INITIALIZE);
	if (sessionId === undefined) throw new Error(`initialize: ${reason ?? 'no session id'}`);
	await post(url, INITIALIZED, sessionId);
	const agents = new Map(urls.map((one) => [one, isKept ? keptConnection() : undefined]));
	const call = { ...WHOAMI, params: { name: tool, arguments: {} } };
	return {
		call: () => {
			const to = next();
			return post(to, call, sessionId, agents.get(to));
		},
	};
}

async function openSdk(urls: readonly string[], tool: string): Promise<Session> {
	const next = turns(urls);
	const url = new URL(urls[0] ?? '');
	const client = new Client({ name: 'sdk', version: '1.0.0' });
	// The GET stream breaks with its proxy and is opened again by the SDK; only calls are counted.
	client.onerror = () => undefined;
	const transport = url.pathname.endsWith('/sse')
		? new SSEClientTransport(url)
		: new StreamableHTTPClientTransport(url, { fetch: (_, init) => fetch(next(), init) });
	await client.connect(transport);
	return {
		call: async () => {
			try {
				const { content, isError } = await client.callTool({ name: tool, arguments: {} });
				const [first] = content as { text?: string }[];
				return isError ? { reason: String(first?.text).slice(0, 120) } : { text: first?.text ?? '' };
			} catch (error) {
				return { reason: reasonOf(error) };
			}
		},
	};
}

function reasonOf(error: unknown): string {
	if (!(error instanceof Error)) return String(error);
	const { code, message } = (error.cause ?? {}) as { code?: string; message?: string };
	return code ?? message ?? error.message.slice(0, 160);
}
