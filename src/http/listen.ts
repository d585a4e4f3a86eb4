/** Sockets: the HTTPS server, its limits in time, and how it ends. */
import { constants } from 'node:crypto';
import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http';
import { createServer as createHttpsServer, type Server as HttpsServer } from 'node:https';
import type { Socket } from 'node:net';
import { setImmediate as loop, setTimeout as sleep } from 'node:timers/promises';
import type { Certificate } from './certificate.ts';

/** The API server keeps idle connections for 90 s; whoever closes first must not be us, or a request is lost. */
const KEEP_ALIVE_TIMEOUT_MS = 95_000;
/** A request that has not arrived by then is no API server's. */
const REQUEST_TIMEOUT_MS = 30_000;
/** A connection that has not said hello by then never will, and would hold up the end. */
const HANDSHAKE_TIMEOUT_MS = 5_000;
/** How often Node looks for those; by itself it does so twice a minute. */
const CHECK_INTERVAL_MS = 1_000;
/** A client that neither reads nor sends while it is answered. Longer than the 30 s that an API server waits at most. */
const SILENCE_TIMEOUT_MS = 35_000;
/** Longest timeout a registration can have. */
const LONGEST_REVIEW_MS = 10_000;

/** Open connections of API servers. One costs some 50 KiB; three API servers that each have 200 writes in hand need 600. */
const MOST_CONNECTIONS = 1_500;
/** Of those that ask for metrics and health: the kubelet, and Prometheus. */
const MOST_PLAIN_CONNECTIONS = 200;

/** No API server asks for another handshake on a connection that has one, and each costs us more than it costs who asks. */
const PROTOCOL = { minVersion: 'TLSv1.2', secureOptions: constants.SSL_OP_NO_RENEGOTIATION } as const;

/** Without a certificate handshakes fail until `useCertificate` brings one. */
export async function listenHttps(
	listener: RequestListener,
	certificate: Certificate | undefined,
	port: number,
): Promise<HttpsServer> {
	const server = createHttpsServer(
		{
			...(certificate !== undefined && { cert: certificate.cert, key: certificate.key }),
			...PROTOCOL,
			handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
			keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
			// Node's limit for headers is never above it.
			requestTimeout: REQUEST_TIMEOUT_MS,
			connectionsCheckingInterval: CHECK_INTERVAL_MS,
			// Whatever NODE_OPTIONS says.
			insecureHTTPParser: false,
		},
		listener,
	);
	server.timeout = SILENCE_TIMEOUT_MS;
	server.maxConnections = MOST_CONNECTIONS;
	countUnusedAsIdle(server, 'secureConnection');
	await listening(server, port);
	return server;
}

export async function listenHttp(listener: RequestListener, port: number): Promise<Server> {
	const timeouts = { requestTimeout: REQUEST_TIMEOUT_MS, connectionsCheckingInterval: CHECK_INTERVAL_MS };
	const server = createHttpServer(timeouts, listener);
	server.timeout = SILENCE_TIMEOUT_MS;
	server.maxConnections = MOST_PLAIN_CONNECTIONS;
	countUnusedAsIdle(server, 'connection');
	await listening(server, port);
	return server;
}

/**
 * Node takes a connection on which nothing was asked yet for a busy one, and closing would wait for it until it times out.
 * Go clients, and so the API server, open such connections in advance.
 */
function countUnusedAsIdle(server: Server | HttpsServer, opened: 'connection' | 'secureConnection'): void {
	const unused = new Set<Socket>();
	server.on(opened, (socket: Socket) => {
		// Its handshake was still going on when we closed.
		if (!server.listening) socket.destroy();
		unused.add(socket);
		socket.once('close', () => unused.delete(socket));
	});
	server.on('request', ({ socket }) => unused.delete(socket));
	const closeIdle = server.closeIdleConnections.bind(server);
	server.closeIdleConnections = () => {
		closeIdle();
		for (const socket of unused) socket.destroy();
	};
}

/** Rejects when the port is taken or not ours to take. */
function listening(server: Server | HttpsServer, port: number): Promise<void> {
	return new Promise((resolve, reject) => {
		server.once('error', reject);
		server.listen(port, () => {
			server.off('error', reject);
			resolve();
		});
	});
}

/** For new connections; those that are open keep theirs. Throws where the pair cannot be used. */
export const useCertificate = (server: HttpsServer, { cert, key }: Certificate): void =>
	server.setSecureContext({ cert, key, ...PROTOCOL });

/** Stops accepting, lets what is in flight end, and closes what is idle. */
export async function shutdown(server: Server | HttpsServer): Promise<void> {
	// Once through the event loop, so that what has arrived is read: a connection with a request in it is not idle, and closing it would
	// lose that request.
	await loop();
	const closed = new Promise<void>((resolve) => server.close(() => resolve()));
	server.closeIdleConnections();
	const timeUp = new AbortController();
	await Promise.race([closed, sleep(LONGEST_REVIEW_MS, undefined, { signal: timeUp.signal }).catch(() => undefined)]);
	timeUp.abort();
	server.closeAllConnections();
}
