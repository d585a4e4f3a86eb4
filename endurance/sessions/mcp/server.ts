/** An MCP server on the official SDK whose sessions have state: MCP_TRANSPORT is streamable-http (default), sse or stdio, as ToolHive sets it. */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { hostname } from 'node:os';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { SSEServerTransport } from '@modelcontextprotocol/sdk/server/sse.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';

const EXIT_MS = 5_000;
const transportName = process.env['MCP_TRANSPORT'] ?? 'streamable-http';
const log = (message: string, more: object): void =>
	void process.stderr.write(`${JSON.stringify({ message, ...more })}\n`);

/** The number of calls is the state of the session, which is kept in this process only. */
function newServer(): McpServer {
	const server = new McpServer({ name: 'e2e', version: '1.0.0' });
	let calls = 0;
	server.registerTool(
		'whoami',
		{ description: 'pod and number of calls in this session', inputSchema: {} },
		async () => {
			calls += 1;
			return { content: [{ type: 'text', text: JSON.stringify({ pod: hostname(), calls }) }] };
		},
	);
	return server;
}

const streams = new Map<string, StreamableHTTPServerTransport>();
const eventStreams = new Map<string, SSEServerTransport>();

function refuse(response: ServerResponse, id: unknown): void {
	log('unknown session', { id });
	response.writeHead(404, { 'content-type': 'application/json' });
	response.end(JSON.stringify({ jsonrpc: '2.0', error: { code: -32001, message: 'Session not found' }, id: null }));
}

async function streamableHttp(request: IncomingMessage, response: ServerResponse): Promise<void> {
	const id = request.headers['mcp-session-id'];
	if (id !== undefined) {
		const known = streams.get(String(id));
		if (known === undefined) return refuse(response, id);
		return known.handleRequest(request, response);
	}
	const transport = new StreamableHTTPServerTransport({
		sessionIdGenerator: randomUUID,
		onsessioninitialized: (session) => void streams.set(session, transport),
		onsessionclosed: (session) => void streams.delete(session),
	});
	await newServer().connect(transport);
	await transport.handleRequest(request, response);
}

async function sse(request: IncomingMessage, response: ServerResponse): Promise<void> {
	const { searchParams } = new URL(request.url ?? '/', 'http://server.invalid');
	if (request.method === 'GET') {
		const transport = new SSEServerTransport('/messages', response);
		eventStreams.set(transport.sessionId, transport);
		await newServer().connect(transport);
		return;
	}
	const known = eventStreams.get(searchParams.get('sessionId') ?? '');
	if (known === undefined) return refuse(response, searchParams.get('sessionId'));
	await known.handlePostMessage(request, response);
}

if (transportName === 'stdio') {
	await newServer().connect(new StdioServerTransport());
} else {
	const handle = transportName === 'sse' ? sse : streamableHttp;
	const server = createServer((request, response) => {
		if (request.url === '/health') return void response.end('ok');
		handle(request, response).catch((error) => {
			log('error', { error: String(error) });
			if (!response.headersSent) response.writeHead(500).end();
		});
	});
	server.listen(Number(process.env['MCP_PORT'] ?? 8080), '0.0.0.0');
	process.on('SIGTERM', () => {
		server.close(() => process.exit(0));
		server.closeIdleConnections();
		setTimeout(() => process.exit(0), EXIT_MS).unref();
	});
}
