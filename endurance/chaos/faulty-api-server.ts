/**
 * Stands between a replica and the API server and speaks HTTP to both, so that it can answer in the API server's name: 410, 500, 429, and
 * watches that break in the middle of a line. What breaks below HTTP is done in front of it (test/harness/freezable-proxy.ts).
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import { Agent, createServer as createHttpsServer, request as httpsRequest } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { issueCa, issueServing } from '../../certs/issue.ts';
import type { Random } from './random.ts';

export type Protocol = 'HTTP/1.1' | 'HTTP/2';
type Incoming = IncomingMessage | Http2ServerRequest;
type Outgoing = ServerResponse | Http2ServerResponse;

export interface Faults {
	/** How watches are answered: 410 as a status, or as the first event of an open watch. */
	readonly gone?: 'status' | 'event';
	/** This share of calls other than watches is answered so. */
	readonly refused?: { readonly share: number; readonly status: 429 | 500; readonly retryAfterSeconds?: number };
	/** The next event of each watch is cut in two, and then: the connection is reset, the watch ends, or the rest is another text. */
	readonly cut?: 'reset' | 'end' | 'garbled';
}

export interface FaultyApiServer {
	readonly url: string;
	/** PEM to trust. */
	readonly ca: string;
	/** What goes wrong from now on; {} ends it. */
	readonly set: (faults: Faults) => void;
	/** Ends open watches: as the API server does it, or with a reset. */
	readonly endWatches: (how: 'end' | 'reset') => void;
	/** How often each fault was met. */
	readonly met: () => Readonly<Record<string, number>>;
	readonly stop: () => Promise<void>;
}

/** Never passed on: they belong to one connection, or are HTTP/2's own. */
const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'transfer-encoding', 'upgrade', 'host', 'http2-settings']);

export async function startFaultyApiServer(
	target: string,
	targetCa: Buffer,
	protocol: Protocol,
	random: Random,
): Promise<FaultyApiServer> {
	const authority = await issueCa();
	const serving = await issueServing(authority);
	const agent = new Agent({ ca: targetCa, keepAlive: true });
	const watches = new Set<{ end: () => void; reset: () => void }>();
	const sockets = new Set<Socket>();
	const met = new Map<string, number>();
	let faults: Faults = {};
	const meet = (fault: string): void => void met.set(fault, (met.get(fault) ?? 0) + 1);

	const answer = (incoming: Incoming, outgoing: Outgoing): void => {
		const isWatch = new URL(incoming.url ?? '', target).searchParams.has('watch');
		const { gone, refused } = faults;
		if (isWatch && gone === 'status') {
			meet('410 as a status');
			say(outgoing, 410, statusOf(410, 'Expired'));
		} else if (isWatch && gone === 'event') {
			meet('410 as an event');
			say(outgoing, 200, { type: 'ERROR', object: statusOf(410, 'Expired') });
		} else if (!isWatch && refused !== undefined && random.next() < refused.share) {
			meet(String(refused.status));
			const { status, retryAfterSeconds } = refused;
			const headers = retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) };
			say(outgoing, status, statusOf(status, 'InternalError'), headers);
		} else pass(incoming, outgoing, isWatch);
	};

	function pass(incoming: Incoming, outgoing: Outgoing, isWatch: boolean): void {
		const reset = (): void => void ('stream' in outgoing ? outgoing.stream?.close(2) : outgoing.socket?.destroy());
		const { method } = incoming;
		const sent = httpsRequest(new URL(incoming.url ?? '', target), {
			agent,
			...(method !== undefined && { method }),
			headers: endToEnd(incoming.headers),
		});
		const watch = { end: () => void outgoing.end(), reset };
		sent.on('error', reset);
		sent.on('response', (response) => {
			(outgoing as ServerResponse).writeHead(
				response.statusCode ?? 502,
				endToEnd(response.headers) as Record<string, string>,
			);
			if (isWatch) watches.add(watch);
			response.on('error', reset);
			response.on('data', (chunk: Buffer) => {
				if (isWatch && faults.cut !== undefined) cut(chunk, outgoing, reset, faults.cut);
				else if (!outgoing.writableEnded) (outgoing as ServerResponse).write(chunk);
			});
			response.on('end', () => outgoing.end());
			// Killed in the middle of an answer, it must not look whole.
			response.on('aborted', reset);
		});
		outgoing.on('close', () => {
			watches.delete(watch);
			sent.destroy();
		});
		incoming.on('error', () => sent.destroy());
		incoming.pipe(sent);
	}

	function cut(chunk: Buffer, outgoing: Outgoing, reset: () => void, how: NonNullable<Faults['cut']>): void {
		if (outgoing.writableEnded || outgoing.destroyed) return;
		meet(`cut: ${how}`);
		const half = chunk.subarray(0, chunk.length >> 1);
		const then = how === 'end' ? () => void outgoing.end() : reset;
		if (how === 'garbled') outgoing.end(Buffer.concat([half, Buffer.from('\n')]));
		// What was written is to arrive before the reset does.
		else (outgoing as ServerResponse).write(half, () => void setImmediate(then));
	}

	const options = { cert: serving.cert, key: serving.key };
	const server = protocol === 'HTTP/2' ? createSecureServer(options, answer) : createHttpsServer(options, answer);
	server.on('connection', (socket: Socket) => {
		sockets.add(socket);
		socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
	});
	server.on('sessionError', () => undefined);
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
	return {
		url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
		ca: authority.cert,
		set: (now) => {
			faults = now;
		},
		endWatches: (how) => {
			for (const watch of watches) {
				meet(how === 'reset' ? 'watch reset' : 'watch ended');
				watch[how]();
			}
		},
		met: () => Object.fromEntries(met),
		stop: async () => {
			const closed = new Promise((resolve) => server.close(resolve));
			for (const socket of sockets) socket.destroy();
			agent.destroy();
			await closed;
		},
	};
}

const statusOf = (code: number, reason: string): object => ({
	kind: 'Status',
	apiVersion: 'v1',
	metadata: {},
	status: 'Failure',
	message: `a disturbance: ${code}`,
	reason,
	code,
});

function say(outgoing: Outgoing, status: number, body: object, headers: Record<string, string> = {}): void {
	(outgoing as ServerResponse).writeHead(status, { 'content-type': 'application/json', ...headers });
	outgoing.end(`${JSON.stringify(body)}\n`);
}

const endToEnd = (headers: IncomingMessage['headers']): IncomingMessage['headers'] =>
	Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith(':') && !HOP_BY_HOP.has(name)));
