/** Starts the two servers, with timeouts, connection limits and shutdown. */
import { constants } from 'node:crypto';
import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http';
import { createServer as createHttpsServer, type Server as HttpsServer } from 'node:https';
import type { Socket } from 'node:net';
import { setImmediate as loop, setTimeout as sleep } from 'node:timers/promises';
import type { Certificate } from './certificate.ts';

/**
 * The API server closes idle connections after 90 s. If the webhook closed idle connections first, a request could be
 * lost.
 */
const KEEP_ALIVE_TIMEOUT_MS = 95_000;
/** No API server takes longer to send a request. */
const REQUEST_TIMEOUT_MS = 30_000;
/** A connection without a TLS handshake after this time is dead, and would delay the shutdown. */
const HANDSHAKE_TIMEOUT_MS = 5_000;
/** The interval at which Node checks these timeouts. Node's default of 30 s is too long. */
const CHECK_INTERVAL_MS = 1_000;
/**
 * The timeout for a client that neither reads nor sends during a response. The timeout exceeds the 30 s for which an
 * API server waits at most.
 */
const SILENCE_TIMEOUT_MS = 35_000;
/** The duration of the longest review, one with the default timeout. */
const LONGEST_REVIEW_MS = 10_000;

/**
 * Maximum number of connections. A connection costs about 50 KiB, and three API servers with 200 concurrent writes each
 * need 600 connections.
 */
const MOST_CONNECTIONS = 1_500;
/** Maximum number of connections to the metrics port. The clients of that port are the kubelet and Prometheus. */
const MOST_PLAIN_CONNECTIONS = 200;

/** No API server renegotiates TLS, and a renegotiation costs the server more than the client. */
const PROTOCOL = { minVersion: 'TLSv1.2', secureOptions: constants.SSL_OP_NO_RENEGOTIATION } as const;

/** Starts the HTTPS server. Without a certificate, handshakes fail until `useCertificate` sets one. */
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
			// Node requires that its timeout for headers does not exceed the timeout for requests.
			requestTimeout: REQUEST_TIMEOUT_MS,
			connectionsCheckingInterval: CHECK_INTERVAL_MS,
			// Overrides NODE_OPTIONS.
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
 * Closes connections without a request at shutdown. Node treats such connections as busy, so the shutdown would wait
 * until they time out. Go clients, such as the API server, open such connections in advance.
 */
function countUnusedAsIdle(server: Server | HttpsServer, opened: 'connection' | 'secureConnection'): void {
	const unused = new Set<Socket>();
	server.on(opened, (socket: Socket) => {
		// The TLS handshake of this connection ended after the server was closed.
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

/** Rejects if the port is in use or not permitted. */
function listening(server: Server | HttpsServer, port: number): Promise<void> {
	return new Promise((resolve, reject) => {
		server.once('error', reject);
		server.listen(port, () => {
			server.off('error', reject);
			resolve();
		});
	});
}

/** Sets the certificate for new connections; open connections keep theirs. Throws if the certificate is not usable. */
export const useCertificate = (server: HttpsServer, { cert, key }: Certificate): void =>
	server.setSecureContext({ cert, key, ...PROTOCOL });

/** Stops accepting connections, waits for requests in flight, and closes idle connections. */
export async function shutdown(server: Server | HttpsServer): Promise<void> {
	// After one turn of the event loop, Node has read the received requests and treats their connections as busy, so no
	// request is lost.
	await loop();
	const closed = new Promise<void>((resolve) => server.close(() => resolve()));
	server.closeIdleConnections();
	const timeUp = new AbortController();
	await Promise.race([closed, sleep(LONGEST_REVIEW_MS, undefined, { signal: timeUp.signal }).catch(() => undefined)]);
	timeUp.abort();
	server.closeAllConnections();
}
