/** An MCP server with stateful sessions. ToolHive sets MCP_TRANSPORT to streamable-http (the default), sse or stdio. */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { hostname } from 'node:os';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { SSEServerTransport } from '@modelcontextprotocol/sdk/server/sse.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';

const EXIT_MS = 5_000;
const log = (line: object): void => void process.stderr.write(`${JSON.stringify(line)}\n`);

/** The state of a session is its number of calls. Only this process has that state. */
function newServer(): McpServer {
	const server = new McpServer({ name: 'e2e', version: '1.0.0' });
	let calls = 0;
	const description = 'pod and number of calls in this session';
	server.registerTool('whoami', { description, inputSchema: {} }, async () => {
		calls += 1;
		return { content: [{ type: 'text', text: JSON.stringify({ pod: hostname(), calls }) }] };
	});
	return server;
}

const streamable = new Map<string, StreamableHTTPServerTransport>();
const eventStreams = new Map<string, SSEServerTransport>();

function rejectSession(response: ServerResponse, id: unknown): void {
	log({ message: 'unknown session', id });
	response.writeHead(404, { 'content-type': 'application/json' });
	response.end(JSON.stringify({ jsonrpc: '2.0', error: { code: -32001, message: 'Session not found' }, id: null }));
}

async function streamableHttp(request: IncomingMessage, response: ServerResponse): Promise<void> {
	const id = request.headers['mcp-session-id'];
	if (id !== undefined) {
		const known = streamable.get(String(id));
		return known === undefined ? rejectSession(response, id) : known.handleRequest(request, response);
	}
	const transport = new StreamableHTTPServerTransport({
		sessionIdGenerator: randomUUID,
		onsessioninitialized: (session) => void streamable.set(session, transport),
		onsessionclosed: (session) => void streamable.delete(session),
	});
	await newServer().connect(transport);
	await transport.handleRequest(request, response);
}

async function sse(request: IncomingMessage, response: ServerResponse): Promise<void> {
	if (request.method === 'GET') {
		const transport = new SSEServerTransport('/messages', response);
		eventStreams.set(transport.sessionId, transport);
		return newServer().connect(transport);
	}
	const id = new URL(request.url ?? '/', 'http://server.invalid').searchParams.get('sessionId') ?? '';
	const known = eventStreams.get(id);
	return known === undefined ? rejectSession(response, id) : known.handlePostMessage(request, response);
}

function serveHttp(handle: typeof sse): void {
	const server = createServer((request, response) => {
		if (request.url === '/health') return void response.end('ok');
		handle(request, response).catch((error) => {
			log({ message: 'error', error: String(error) });
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

const transport = process.env['MCP_TRANSPORT'] ?? 'streamable-http';
if (transport === 'stdio') await newServer().connect(new StdioServerTransport());
else serveHttp(transport === 'sse' ? sse : streamableHttp);
