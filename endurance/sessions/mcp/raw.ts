/** A client without the SDK: it keeps its session id whatever the server answers. */
import { Agent, request } from 'node:http';

const PROTOCOL = '2025-03-26';
const TIMEOUT_MS = 20_000;
let requests = 0;

export interface Answer {
	readonly sessionId?: string;
	/** The text of the tool; undefined where the request failed. */
	readonly text?: string;
	/** Why it failed, in words that are the same for the same cause. */
	readonly reason?: string;
}

export interface Message {
	readonly method: string;
	readonly params?: object;
}

export const INITIALIZE: Message = {
	method: 'initialize',
	params: { protocolVersion: PROTOCOL, capabilities: {}, clientInfo: { name: 'raw', version: '1.0.0' } },
};
export const INITIALIZED: Message = { method: 'notifications/initialized' };
export const WHOAMI: Message = { method: 'tools/call', params: { name: 'whoami', arguments: {} } };

export const keptConnection = (): Agent => new Agent({ keepAlive: true, maxSockets: 1 });

/** Never rejects: what failed is in `reason`. */
export function post(url: string, message: Message, sessionId?: string, agent?: Agent): Promise<Answer> {
	const isNotification = message.method.startsWith('notifications/');
	requests += 1;
	const body = JSON.stringify({ jsonrpc: '2.0', ...(isNotification ? {} : { id: requests }), ...message });
	const headers = {
		accept: 'application/json, text/event-stream',
		'content-type': 'application/json',
		'content-length': Buffer.byteLength(body),
		...(sessionId === undefined ? {} : { 'mcp-session-id': sessionId, 'mcp-protocol-version': PROTOCOL }),
		...(agent === undefined ? { connection: 'close' } : {}),
	};
	return new Promise((resolve) => {
		const sent = request(url, { method: 'POST', headers, agent: agent ?? false, timeout: TIMEOUT_MS }, (response) => {
			let text = '';
			response.setEncoding('utf8').on('data', (chunk: string) => {
				text += chunk;
			});
			response.on('error', (error: NodeJS.ErrnoException) =>
				resolve({ reason: `answer: ${error.code ?? error.message}` }),
			);
			response.on('end', () => {
				const header = response.headers['mcp-session-id'];
				resolve({ ...(header === undefined ? {} : { sessionId: String(header) }), ...read(response.statusCode, text) });
			});
		});
		sent.on('timeout', () => sent.destroy(Object.assign(new Error(), { code: `no answer in ${TIMEOUT_MS / 1000} s` })));
		sent.on('error', (error: NodeJS.ErrnoException) => resolve({ reason: error.code ?? error.message }));
		sent.end(body);
	});
}

interface Reply {
	readonly result?: { readonly isError?: boolean; readonly content?: readonly { readonly text?: string }[] };
	readonly error?: { readonly code: number; readonly message: string };
}

function read(status: number | undefined, text: string): Answer {
	if (status === 202) return { text: '' };
	const data = text.startsWith('{')
		? text
		: text
				.split('\n')
				.findLast((line) => line.startsWith('data:'))
				?.slice(5);
	let reply: Reply | undefined;
	try {
		reply = JSON.parse(data ?? '') as Reply;
	} catch {
		return { reason: `${status} ${text.trim().slice(0, 80)}` };
	}
	if (status === 200 && reply.result !== undefined && reply.result.isError !== true)
		return { text: reply.result.content?.[0]?.text ?? '' };
	return { reason: `${status} ${reply.error?.message ?? JSON.stringify(reply.result).slice(0, 120)}` };
}
