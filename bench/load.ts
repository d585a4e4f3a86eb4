/**
 * The load generator, in a process of its own. Raw TLS sockets with one prepared request each: a Node HTTP client would
 * be busier than the server it measures. Takes a job from its parent, says when its connections are open, and when told to go asks on
 * them and answers with what it saw.
 */
import { connect, type TLSSocket } from 'node:tls';
import { percentile } from './statistics.ts';

export interface Job {
	readonly port: number;
	readonly ca: string;
	readonly path: string;
	readonly body: string;
	readonly connections: number;
	readonly durationMs: number;
}

export interface Load {
	readonly requests: number;
	readonly seconds: number;
	readonly p50Ms: number;
	readonly p99Ms: number;
	/** Connections that the server closed. */
	readonly closed: number;
}

/** What the parent sends once the connections are open. */
export type Go = 'go';

async function run(job: Job, sockets: readonly TLSSocket[]): Promise<Load> {
	const latenciesMs: number[] = [];
	const startedMs = performance.now();
	const rest = stayAwake();
	const closed = await Promise.all(
		sockets.map((socket) => keepOpen(socket, job, startedMs + job.durationMs, latenciesMs)),
	);
	rest();
	const seconds = (performance.now() - startedMs) / 1000;
	return {
		closed: closed.reduce((sum, count) => sum + count, 0),
		requests: latenciesMs.length,
		seconds,
		p50Ms: percentile(latenciesMs, 0.5),
		p99Ms: percentile(latenciesMs, 0.99),
	};
}

/**
 * Spins until called. Waking a sleeping process is done by whoever sends to it, and costs the server more than a small
 * answer does, the more so the slower it is; a client on another machine costs it nothing of the kind.
 */
function stayAwake(): () => void {
	let isOver = false;
	const spin = (): void => {
		if (!isOver) setImmediate(spin);
	};
	spin();
	return () => {
		isOver = true;
	};
}

function opened({ port, ca }: Job): Promise<TLSSocket> {
	return new Promise((resolve, reject) => {
		const socket = connect({ host: '127.0.0.1', port, ca, minVersion: 'TLSv1.3' }, () => resolve(socket));
		socket.setNoDelay();
		socket.once('error', reject);
	});
}

/**
 * Asks until `endMs`, on a new connection where the server closed one: Node's servers do that to a client that slept for 5 s, which
 * happens on a busy machine, and the API server then does the same as we. Resolves with how often that was.
 */
async function keepOpen(first: TLSSocket, job: Job, endMs: number, latenciesMs: number[]): Promise<number> {
	let socket = first;
	for (let closed = 0; ; closed += 1) {
		try {
			await keepAsking(socket, job, endMs, latenciesMs);
			socket.destroy();
			return closed;
		} catch (error) {
			if (!(error instanceof Closed) || closed === MOST_CLOSED) throw error;
			socket = await opened(job);
		}
	}
}

class Closed extends Error {}
/** More than that on one connection in one round is no accident. */
const MOST_CLOSED = 3;

/** One request after the other until `endMs`. Rejects on anything but a 200 that allows. */
function keepAsking(socket: TLSSocket, { port, path, body }: Job, endMs: number, latenciesMs: number[]): Promise<void> {
	const head = `POST ${path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n`;
	const request = Buffer.from(head + body);
	return new Promise((resolve, reject) => {
		let sentMs = 0;
		let answer = '';
		const ask = (): void => {
			answer = '';
			sentMs = performance.now();
			socket.write(request);
		};
		socket.on('data', (chunk) => {
			answer += chunk.latin1Slice();
			if (!isComplete(answer)) return;
			const nowMs = performance.now();
			latenciesMs.push(nowMs - sentMs);
			if (!answer.startsWith('HTTP/1.1 200 ') || !answer.includes('"allowed":true')) reject(new Error(answer));
			else if (nowMs < endMs) ask();
			else resolve();
		});
		const end = (): void =>
			reject(new Closed(`port ${port} closed a connection after ${Math.round(performance.now() - sentMs)} ms`));
		socket.on('close', end);
		if (socket.destroyed) end();
		else ask();
	});
}

function isComplete(answer: string): boolean {
	const headEnd = answer.indexOf('\r\n\r\n');
	if (headEnd === -1) return false;
	const length = /content-length: (\d+)/i.exec(answer);
	if (length === null) throw new Error(`an answer that does not tell its length: ${answer.slice(0, headEnd)}`);
	return answer.length >= headEnd + 4 + Number(length[1]);
}

/** The job that waits for its Go, with its connections. */
let next: { readonly job: Job; readonly sockets: readonly TLSSocket[] } | undefined;

async function heard(message: Job | Go): Promise<Load | { opened: number }> {
	if (message === 'go') {
		if (next === undefined) throw new Error('told to go before there was a job');
		return run(next.job, next.sockets);
	}
	const sockets = await Promise.all(Array.from({ length: message.connections }, () => opened(message)));
	next = { job: message, sockets };
	return { opened: sockets.length };
}

process.on('message', (message: Job | Go) => {
	heard(message).then(
		(answer) => process.send?.(answer),
		(error: Error) => {
			process.stderr.write(`load: ${error.message}\n`);
			process.exit(1);
		},
	);
});
process.on('disconnect', () => process.exit());
