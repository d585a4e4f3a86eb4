/**
 * A proxy between a replica and the API server that can inject faults: status 410, 500 or 429, and watches that break
 * within a line. test/harness/freezable-proxy.ts causes the faults below HTTP.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import { Agent, createServer, request } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { issueCa, issueServing } from '../../certs/issue.ts';
import type { Random } from './random.ts';

type Incoming = IncomingMessage | Http2ServerRequest;
type Outgoing = ServerResponse | Http2ServerResponse;

export interface Faults {
	/** Answers watches with 410, either as the HTTP status or in the first event. */
	readonly gone?: 'status' | 'event';
	/** Rejects this share of all calls except watches. */
	readonly refused?: { readonly share: number; readonly status: 429 | 500; readonly retryAfterSeconds?: number };
	/** Cuts each watch event in two. After the first half, the connection is reset, the watch ends, or the line ends. */
	readonly cut?: 'reset' | 'end' | 'garbled';
}

export interface FaultyApiServer {
	readonly url: string;
	/** The CA of the proxy in PEM. */
	readonly ca: string;
	/** Replaces the active faults. An empty object removes all faults. */
	readonly set: (faults: Faults) => void;
	readonly endWatches: (how: 'end' | 'reset') => void;
	/** Returns how often each fault took effect. */
	readonly met: () => Readonly<Record<string, number>>;
	readonly stop: () => Promise<void>;
}

/** The proxy never forwards these headers, because they belong to one connection or to HTTP/2. */
const HOP_BY_HOP = ['connection', 'keep-alive', 'transfer-encoding', 'upgrade', 'host', 'http2-settings'];

export async function startFaultyApiServer(
	target: string,
	targetCa: Buffer,
	protocol: 'HTTP/1.1' | 'HTTP/2',
	random: Random,
): Promise<FaultyApiServer> {
	const proxyCa = await issueCa();
	const { cert, key } = await issueServing(proxyCa);
	const agent = new Agent({ ca: targetCa, keepAlive: true });
	const watches = new Set<{ end: () => void; reset: () => void }>();
	const sockets = new Set<Socket>();
	const met: Record<string, number> = {};
	let faults: Faults = {};
	const meet = (fault: string): void => {
		met[fault] = (met[fault] ?? 0) + 1;
	};

	const respond = (incoming: Incoming, outgoing: Outgoing): void => {
		const isWatch = new URL(incoming.url ?? '', target).searchParams.has('watch');
		const { gone, refused } = faults;
		if (isWatch && gone !== undefined) {
			meet(gone === 'status' ? '410 as a status' : '410 as an event');
			const status = statusWith(410, 'Expired');
			if (gone === 'status') send(outgoing, 410, status);
			else send(outgoing, 200, { type: 'ERROR', object: status });
		} else if (!isWatch && refused !== undefined && random.next() < refused.share) {
			meet(String(refused.status));
			const seconds = refused.retryAfterSeconds;
			const headers = seconds === undefined ? {} : { 'retry-after': String(seconds) };
			send(outgoing, refused.status, statusWith(refused.status, 'InternalError'), headers);
		} else forward(incoming, outgoing, isWatch);
	};
	const forward = (incoming: Incoming, given: Outgoing, isWatch: boolean): void => {
		// Responses over HTTP/1.1 and over HTTP/2 both have the methods that the proxy uses.
		const outgoing = given as ServerResponse;
		const reset = (): void => void ('stream' in given ? given.stream?.close(2) : given.socket?.destroy());
		const { method = 'GET', headers } = incoming;
		const sent = request(new URL(incoming.url ?? '', target), { agent, method, headers: endToEnd(headers) });
		const watch = { end: () => void outgoing.end(), reset };
		sent.on('error', reset);
		sent.on('response', (response) => {
			outgoing.writeHead(response.statusCode ?? 502, endToEnd(response.headers));
			if (isWatch) watches.add(watch);
			response.on('error', reset);
			response.on('data', (chunk: Buffer) => {
				if (outgoing.writableEnded || outgoing.destroyed) return;
				if (isWatch && faults.cut !== undefined) cut(chunk, outgoing, reset, faults.cut);
				else outgoing.write(chunk);
			});
			response.on('end', () => outgoing.end());
			// If the API server is killed during a response, the response must not look complete.
			response.on('aborted', reset);
		});
		outgoing.on('close', () => {
			watches.delete(watch);
			sent.destroy();
		});
		incoming.on('error', () => sent.destroy());
		incoming.pipe(sent);
	};
	const cut = (chunk: Buffer, outgoing: ServerResponse, reset: () => void, how: NonNullable<Faults['cut']>): void => {
		meet(`cut: ${how}`);
		const half = chunk.subarray(0, chunk.length >> 1);
		if (how === 'garbled') outgoing.end(Buffer.concat([half, Buffer.from('\n')]));
		// The replica must receive the first half of the event before the reset.
		else outgoing.write(half, () => void setImmediate(how === 'end' ? () => outgoing.end() : reset));
	};

	const server =
		protocol === 'HTTP/2' ? createSecureServer({ cert, key }, respond) : createServer({ cert, key }, respond);
	server.on('connection', (socket: Socket) => {
		sockets.add(socket);
		socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
	});
	server.on('sessionError', () => undefined);
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
	return {
		url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
		ca: proxyCa.cert,
		set: (now) => {
			faults = now;
		},
		endWatches: (how) => {
			for (const watch of watches) {
				meet(`watch ${how}`);
				watch[how]();
			}
		},
		met: () => met,
		stop: async () => {
			const closed = new Promise((resolve) => server.close(resolve));
			for (const socket of sockets) socket.destroy();
			agent.destroy();
			await closed;
		},
	};
}

const statusWith = (code: number, reason: string): object => ({
	...{
		kind: 'Status',
		apiVersion: 'v1',
		metadata: {},
		status: 'Failure',
		message: `a disturbance: ${code}`,
		reason,
		code,
	},
});

function send(outgoing: Outgoing, status: number, body: object, headers: Record<string, string> = {}): void {
	(outgoing as ServerResponse).writeHead(status, { 'content-type': 'application/json', ...headers });
	outgoing.end(`${JSON.stringify(body)}\n`);
}

const endToEnd = (headers: IncomingMessage['headers']): Record<string, string | string[]> => {
	const kept = Object.entries(headers).filter(([name]) => !name.startsWith(':') && !HOP_BY_HOP.includes(name));
	return Object.fromEntries(kept) as Record<string, string | string[]>;
};
