/** Attacks on the webhook port for `make bench-hostile`. Each attack opens at most a thousand connections. */
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { reviewWith } from '../../test/harness/serving.ts';

/** Starts an attack on `port`. Resolves when the attack is running, with a function that stops it. */
type Attack = (port: number) => Promise<() => void>;

const MIB = 1024 * 1024;
const THOUSAND = 1_000;
/** More connections than the webhook accepts requests in flight. A handshake costs each side about a millisecond. */
const MANY = 250;
/** The maximum number of parallel handshakes. */
const AT_ONCE = 50;

type Dial = (port: number) => Socket;
const tcp: Dial = (port) => connectTcp(port, '127.0.0.1');
const tls: Dial = (port) => connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false });

/**
 * Keeps `count` connections open and calls `act` on each new connection. Replaces a connection that the server closes.
 */
const connections =
	(count: number, dial: Dial, act: (socket: Socket) => void): Attack =>
	async (port) => {
		const open = new Set<Socket>();
		let isOver = false;
		const opened = (): Promise<void> =>
			new Promise((resolve) => {
				const socket = dial(port);
				open.add(socket);
				socket.on('error', () => undefined);
				socket.once(dial === tls ? 'secureConnect' : 'connect', () => {
					act(socket);
					resolve();
				});
				socket.once('close', () => {
					open.delete(socket);
					resolve();
					if (!isOver) setTimeout(() => isOver || void opened(), 50);
				});
			});
		for (let made = 0; made < count; made += AT_ONCE) {
			await Promise.all(Array.from({ length: Math.min(AT_ONCE, count - made) }, opened));
		}
		return () => {
			isOver = true;
			for (const socket of open) socket.destroy();
		};
	};

const head = (framing: string, path = '/mutate?timeout=5s'): string =>
	`POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n${framing}\r\n\r\n`;
const whole = (body: string): Buffer => Buffer.from(head(`Content-Length: ${Buffer.byteLength(body)}`) + body);

/** Sends a few bytes every second until the connection is closed. */
function drip(socket: Socket, byte: string): void {
	const timer = setInterval(() => socket.write(byte), 1_000);
	socket.once('close', () => clearInterval(timer));
}

/** Sends the next request as soon as a response arrives. */
function again(socket: Socket, request: () => string | Buffer): void {
	socket.write(request());
	socket.on('data', () => socket.write(request()));
}

const owner = (uid: string): object => ({
	...{ apiVersion: 'toolhive.stacklok.dev/v1beta1', kind: 'MCPServer', name: 'github', uid },
});
/**
 * Returns a review of a Deployment whose owner does not exist, so that the webhook looks the owner up in the API
 * server.
 */
const forged = (uid: string, spec: unknown = {}): string =>
	JSON.stringify(reviewWith({ object: { metadata: { name: 'github', ownerReferences: [owner(uid)] }, spec } }));

let uids = 0;
const SMALL = whole(JSON.stringify(reviewWith()));
/** Returns a review with `count` empty objects, which need twenty times as much memory when parsed. */
const stuffed = (uid: string, count: number): string =>
	forged(uid, 'here').replace('"here"', `[${'{},'.repeat(count)}{}]`);
const BOMB = whole(stuffed('bomb', 2_300_000));
/** A request body in chunks of one byte. */
const SMALL_CHUNKS = '1\r\n \r\n'.repeat(10_000);
/** The first bytes of a TLS record whose header announces 512 bytes. */
const HALF_HELLO = Buffer.from('16030102000100', 'hex');

export const ATTACKS = {
	'a thousand connections that send nothing': connections(THOUSAND, tcp, () => undefined),
	'a thousand that send half a ClientHello': connections(THOUSAND, tcp, (socket) => socket.write(HALF_HELLO)),
	'headers sent byte by byte': connections(MANY, tls, (socket) => {
		socket.write('POST /mutate HTTP/1.1\r\nX: ');
		drip(socket, 'x');
	}),
	'a thousand bodies sent byte by byte': connections(THOUSAND, tls, (socket) => {
		socket.write(`${head('Content-Length: 1000')}{`);
		drip(socket, ' ');
	}),
	'bodies of nearly 7 MiB that stop': connections(20, tls, (socket) => {
		socket.write(head(`Content-Length: ${7 * MIB}`));
		socket.write(Buffer.alloc(6 * MIB, ' '));
		drip(socket, ' '.repeat(16 * 1024));
	}),
	'responses that the client never reads': connections(MANY, tls, (socket) => {
		socket.pause();
		for (let count = 0; count < 20; count += 1) socket.write(SMALL);
	}),
	'look-ups of servers that do not exist': connections(100, tls, (socket) =>
		again(socket, () => {
			uids += 1;
			return whole(forged(`uid-${uids}`));
		}),
	),
	'forged reviews just below 64 KiB': connections(100, tls, (socket) =>
		again(socket, () => {
			uids += 1;
			return whole(stuffed(`uid-${uids}`, 20_000));
		}),
	),
	'7 MiB that are twenty times larger when parsed': connections(20, tls, (socket) => again(socket, () => BOMB)),
	'gzip that declares 1 GiB': connections(20, tls, (socket) => {
		socket.write(head(`Content-Encoding: gzip\r\nContent-Length: ${1024 * MIB}`));
		drip(socket, ' '.repeat(64 * 1024));
	}),
	'chunks that never end': connections(20, tls, (socket) => {
		socket.write(head('Transfer-Encoding: chunked'));
		const timer = setInterval(() => socket.write(`1;${'x'.repeat(8_000)}\r\n \r\n`), 20);
		socket.once('close', () => clearInterval(timer));
	}),
	'bodies in chunks of one byte': connections(20, tls, (socket) => {
		socket.write(head('Transfer-Encoding: chunked'));
		const go = (): void => void socket.write(SMALL_CHUNKS, () => socket.writable && go());
		go();
	}),
	'plain HTTP': connections(50, tcp, (socket) => socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')),
	'resets in the middle of a body': connections(50, tls, (socket) => {
		socket.write(`${head('Content-Length: 1000')}{`);
		setTimeout(() => socket.destroy(), 20);
	}),
} as const satisfies Record<string, Attack>;

export type AttackName = keyof typeof ATTACKS;
export const ATTACK_NAMES = Object.keys(ATTACKS) as readonly AttackName[];
