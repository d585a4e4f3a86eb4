/** An MCP server with stateful sessions. */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { hostname } from 'node:os';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';

const EXIT_MS = 5_000;
const sessions = new Map<string, StreamableHTTPServerTransport>();

/** The state of a session is its number of calls. Only this process has that state. */
async function openSession(): Promise<StreamableHTTPServerTransport> {
	const server = new McpServer({ name: 'e2e', version: '1.0.0' });
	let calls = 0;
	const description = 'pod and number of calls in this session';
	server.registerTool('whoami', { description, inputSchema: {} }, async () => {
		calls += 1;
		return { content: [{ type: 'text', text: JSON.stringify({ pod: hostname(), calls }) }] };
	});
	const transport = new StreamableHTTPServerTransport({
		sessionIdGenerator: randomUUID,
		onsessioninitialized: (id) => void sessions.set(id, transport),
		onsessionclosed: (id) => void sessions.delete(id),
	});
	await server.connect(transport);
	return transport;
}

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
	const id = request.headers['mcp-session-id'];
	const transport = id === undefined ? await openSession() : sessions.get(String(id));
	if (transport !== undefined) return transport.handleRequest(request, response);
	response.writeHead(404, { 'content-type': 'application/json' });
	response.end(JSON.stringify({ jsonrpc: '2.0', error: { code: -32001, message: 'Session not found' }, id: null }));
}

const server = createServer((request, response) => {
	handle(request, response).catch((error) => {
		process.stderr.write(`${error}\n`);
		response.destroy();
	});
});
server.listen(Number(process.env['MCP_PORT'] ?? 8080), '0.0.0.0');
process.on('SIGTERM', () => {
	server.close(() => process.exit(0));
	server.closeIdleConnections();
	setTimeout(() => process.exit(0), EXIT_MS).unref();
});
