/**
 * A proxy between a replica and the API server that can inject faults into HTTP. test/harness/freezable-proxy.ts causes
 * the faults below HTTP.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createSecureServer } from 'node:http2';
import { Agent, createServer, request } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { issueCa, issueServing } from '../../certs/issue.ts';
import type { Random } from './random.ts';

/**
 * - `gone`: watches get 410, either as the HTTP status or in the first event.
 * - `refused`: half of all calls except watches get 500, or 429 with Retry-After.
 * - `cut`: each watch event is cut in two. After the first half, the connection is reset, the watch ends, or the line
 *   ends.
 */
export type Fault = 'gone' | 'refused' | 'cut';

export type FaultyApiServer = Awaited<ReturnType<typeof startFaultyApiServer>>;

/** The proxy never forwards these headers, because they belong to one connection or to HTTP/2. */
const HOP_BY_HOP = ['connection', 'keep-alive', 'transfer-encoding', 'upgrade', 'host', 'http2-settings'];

export async function startFaultyApiServer(
	target: string,
	targetCa: Buffer,
	protocol: 'HTTP/1.1' | 'HTTP/2',
	random: Random,
) {
	const ca = await issueCa();
	const { cert, key } = await issueServing(ca);
	const agent = new Agent({ ca: targetCa, keepAlive: true });
	const watches = new Set<ServerResponse>();
	const sockets = new Set<Socket>();
	let met = 0;
	let fault: Fault | undefined;

	const respond = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
		const isWatch = new URL(incoming.url ?? '', target).searchParams.has('watch');
		if (fault === 'gone' && isWatch) {
			const status = statusWith(410);
			if (random.next() < 0.5) send(outgoing, 410, status);
			else send(outgoing, 200, { type: 'ERROR', object: status });
			met += 1;
		} else if (fault === 'refused' && !isWatch && random.next() < 0.5) {
			const code = random.pick([429, 500]);
			send(outgoing, code, statusWith(code), code === 429 ? { 'retry-after': '1' } : {});
			met += 1;
		} else forward(incoming, outgoing, isWatch);
	};
	const forward = (incoming: IncomingMessage, outgoing: ServerResponse, isWatch: boolean): void => {
		const reset = (): void =>
			void ('stream' in outgoing ? (outgoing.stream as Http2Stream)?.close(2) : outgoing.socket?.destroy());
		const { method = 'GET', headers } = incoming;
		const sent = request(new URL(incoming.url ?? '', target), { agent, method, headers: endToEnd(headers) });
		sent.on('error', reset);
		sent.on('response', (response) => {
			outgoing.writeHead(response.statusCode ?? 502, endToEnd(response.headers));
			if (isWatch) watches.add(outgoing);
			response.on('error', reset);
			response.on('data', (chunk: Buffer) => {
				if (outgoing.writableEnded || outgoing.destroyed) return;
				if (isWatch && fault === 'cut') cut(chunk, outgoing, reset);
				else outgoing.write(chunk);
			});
			response.on('end', () => outgoing.end());
			// If the API server is killed during a response, the response must not look complete.
			response.on('aborted', reset);
		});
		outgoing.on('close', () => {
			watches.delete(outgoing);
			sent.destroy();
		});
		incoming.on('error', () => sent.destroy());
		incoming.pipe(sent);
	};
	const cut = (chunk: Buffer, outgoing: ServerResponse, reset: () => void): void => {
		met += 1;
		const half = chunk.subarray(0, chunk.length >> 1);
		const end = random.pick(['line', () => outgoing.end(), reset] as const);
		if (end === 'line') outgoing.end(Buffer.concat([half, Buffer.from('\n')]));
		// The replica must receive the first half of the event before the reset.
		else outgoing.write(half, () => void setImmediate(end));
	};

	const server =
		protocol === 'HTTP/2'
			? createSecureServer({ cert, key }, respond as unknown as Parameters<typeof createSecureServer>[1])
			: createServer({ cert, key }, respond);
	server.on('connection', (socket: Socket) => {
		sockets.add(socket);
		socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
	});
	server.on('sessionError', () => undefined);
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
	return {
		url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
		/** The CA of the proxy in PEM. */
		ca: ca.cert,
		set: (now: Fault | undefined): void => {
			fault = now;
			if (now === 'gone') for (const watch of watches) watch.end();
		},
		/** Returns how often a fault took effect. */
		met: () => met,
		stop: async (): Promise<void> => {
			const closed = new Promise((resolve) => server.close(resolve));
			for (const socket of sockets) socket.destroy();
			agent.destroy();
			await closed;
		},
	};
}

type Http2Stream = { close: (code: number) => void } | undefined;

const statusWith = (code: number): object => ({
	...{ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message: `a disturbance: ${code}` },
	...{ reason: code === 410 ? 'Expired' : 'InternalError', code },
});

function send(outgoing: ServerResponse, status: number, body: object, headers: Record<string, string> = {}): void {
	outgoing.writeHead(status, { 'content-type': 'application/json', ...headers });
	outgoing.end(`${JSON.stringify(body)}\n`);
}

const endToEnd = (headers: IncomingMessage['headers']): Record<string, string | string[]> => {
	const kept = Object.entries(headers).filter(([name]) => !name.startsWith(':') && !HOP_BY_HOP.includes(name));
	return Object.fromEntries(kept) as Record<string, string | string[]>;
};
