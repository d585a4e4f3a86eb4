/** How many connections may be open, and which one goes when there are more. */
import type { Server } from 'node:https';
import type { Socket } from 'node:net';

/** Open connections. One costs some 50 KiB; three API servers that each have 200 writes in hand need 600. */
const MOST_CONNECTIONS = 1_500;

/**
 * Of too many connections the one goes that has asked nothing for the longest time. Node's own limit would refuse the newest, and so
 * everybody else once somebody has opened that many.
 */
export function limitConnections(server: Server, most = MOST_CONNECTIONS): void {
	// The one that asked last is the last.
	const open = new Set<Socket>();
	const tcpOf = new Map<string, Socket>();
	const used = new WeakMap<Socket, Socket>();
	server.on('connection', (tcp: Socket) => {
		const peer = peerOf(tcp);
		open.add(tcp);
		tcpOf.set(peer, tcp);
		tcp.once('close', () => {
			open.delete(tcp);
			if (tcpOf.get(peer) === tcp) tcpOf.delete(peer);
		});
		const [first] = open;
		if (open.size > most) first?.destroy();
	});
	server.on('secureConnection', (tls: Socket) => {
		const tcp = tcpOf.get(peerOf(tls));
		if (tcp !== undefined) used.set(tls, tcp);
	});
	server.on('request', ({ socket }) => {
		const tcp = used.get(socket);
		if (tcp !== undefined && open.delete(tcp)) open.add(tcp);
	});
}

/** The same on a TCP connection and on the TLS that is spoken over it. */
const peerOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress} ${remotePort}`;
