/** How many connections may be open, and which one goes when there are more. */
import type { Server as HttpServer, IncomingMessage, ServerResponse } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import type { Socket } from 'node:net';

/**
 * Of more than `most` connections the one goes on which nothing was asked for the longest time and nothing is being answered. Node's
 * own limit would refuse the newest, and so everybody else once somebody has opened that many.
 */
export function limitConnections(server: HttpServer | HttpsServer, most: number): void {
	let open = 0;
	// The one that was answered last is the last; what is being answered is not among them.
	const idle = new Set<Socket>();
	const tcpOf = new Map<string, Socket>();
	const below = new WeakMap<Socket, Socket>();
	server.on('connection', (tcp: Socket) => {
		const peer = peerOf(tcp);
		open += 1;
		idle.add(tcp);
		tcpOf.set(peer, tcp);
		tcp.once('close', () => {
			open -= 1;
			idle.delete(tcp);
			if (tcpOf.get(peer) === tcp) tcpOf.delete(peer);
		});
		const [first] = idle;
		if (open > most) first?.destroy();
	});
	server.on('secureConnection', (tls: Socket) => {
		const tcp = tcpOf.get(peerOf(tls));
		if (tcp !== undefined) below.set(tls, tcp);
	});
	server.on('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
		const tcp = below.get(socket) ?? socket;
		if (!idle.delete(tcp)) return;
		response.once('close', () => {
			if (!tcp.destroyed) idle.add(tcp);
		});
	});
}

/** The same on a TCP connection and on the TLS that is spoken over it. */
const peerOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress} ${remotePort}`;
