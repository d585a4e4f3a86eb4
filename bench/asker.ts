/**
 * Sends prepared requests over raw TLS sockets, in a process of its own: a Node HTTP client would be busier than what it measures.
 * Takes one job per message from its parent and answers with how long each request took. Every answer is looked at.
 */
import { connect, type TLSSocket } from 'node:tls';

export interface Job {
	readonly port: number;
	/** PEM */
	readonly ca: string;
	readonly token?: string;
	/** Sent in turn, from the first again when they are used up. */
	readonly requests: readonly { readonly path: string; readonly body: string }[];
	readonly connections: number;
	/** How many are sent in all. */
	readonly count: number;
	/** Sent so often, whether or not the ones before were answered; without it each connection sends when it was answered. */
	readonly perSecond?: number;
	/** The status of every answer that is no refusal, and what its body must hold. */
	readonly status: number;
	readonly contains: readonly string[];
}

export interface Asked {
	/** One per request, from when it should have gone out, also where no connection was free then. */
	readonly latenciesMs: readonly number[];
	/** How many of them ended with 429 or 5xx: the server was too busy. */
	readonly refused: number;
	readonly seconds: number;
	readonly cpuUs: number;
}

/** What the parent hears. */
export type Told = Asked | { readonly error: string };

async function run(job: Job): Promise<Asked> {
	const sockets = await Promise.all(Array.from({ length: job.connections }, () => opened(job)));
	const latenciesMs: number[] = [];
	const requests = job.requests.map((one) => textOf(one, job.token));
	let sent = 0;
	let refused = 0;
	const next = (): Buffer => requests[sent++ % requests.length] as Buffer;
	const cpu = process.cpuUsage();
	const startedMs = performance.now();
	const take = async (socket: TLSSocket, dueMs: number): Promise<void> => {
		const answer = await ask(socket, next());
		latenciesMs.push(performance.now() - dueMs);
		if (isRefusal(answer)) refused += 1;
		else mustBeRight(answer, job);
	};
	if (job.perSecond === undefined) {
		await Promise.all(
			sockets.map(async (socket) => {
				while (sent < job.count) await take(socket, performance.now());
			}),
		);
	} else await steadily(sockets, job.count, job.perSecond, take);
	const seconds = (performance.now() - startedMs) / 1000;
	const { user, system } = process.cpuUsage(cpu);
	for (const socket of sockets) socket.destroy();
	return { latenciesMs, refused, seconds, cpuUs: user + system };
}

/** One after the other at even distances. Who finds no free connection waits for one, and its time runs. */
function steadily(
	sockets: readonly TLSSocket[],
	count: number,
	perSecond: number,
	take: (socket: TLSSocket, dueMs: number) => Promise<void>,
): Promise<void> {
	const free = [...sockets];
	const waiting: number[] = [];
	let begun = 0;
	let done = 0;
	const startedMs = performance.now();
	return new Promise((resolve, reject) => {
		const go = (socket: TLSSocket, dueMs: number): void => {
			take(socket, dueMs).then(() => {
				done += 1;
				const waitedMs = waiting.shift();
				if (waitedMs !== undefined) go(socket, waitedMs);
				else free.push(socket);
				if (done === count) resolve();
			}, reject);
		};
		const tick = (): void => {
			// A timer fires up to a millisecond late. That is ours and not the server's, so time runs from here.
			const nowMs = performance.now();
			const socket = free.pop();
			if (socket === undefined) waiting.push(nowMs);
			else go(socket, nowMs);
			begun += 1;
			if (begun < count) setTimeout(tick, Math.max(0, startedMs + (begun * 1000) / perSecond - performance.now()));
		};
		tick();
	});
}

function textOf({ path, body }: Job['requests'][number], token: string | undefined): Buffer {
	const head = [
		`POST ${path} HTTP/1.1`,
		'Host: bench',
		'Accept: application/json',
		'Content-Type: application/json',
		`Content-Length: ${Buffer.byteLength(body)}`,
		...(token === undefined ? [] : [`Authorization: Bearer ${token}`]),
	];
	return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`);
}

function opened({ port, ca }: Job): Promise<TLSSocket> {
	return new Promise((resolve, reject) => {
		const socket = connect({ host: '127.0.0.1', port, ca, minVersion: 'TLSv1.3' }, () => resolve(socket));
		socket.setNoDelay();
		socket.once('error', reject);
	});
}

function ask(socket: TLSSocket, request: Buffer): Promise<string> {
	return new Promise((resolve, reject) => {
		let answer = '';
		const closed = (): void => reject(new Error('the server closed a connection'));
		const hear = (chunk: Buffer): void => {
			answer += chunk.toString('latin1');
			if (!isComplete(answer)) return;
			socket.off('data', hear);
			socket.off('close', closed);
			resolve(answer);
		};
		socket.on('data', hear);
		socket.once('close', closed);
		socket.write(request);
	});
}

function isComplete(answer: string): boolean {
	const headEnd = answer.indexOf('\r\n\r\n');
	if (headEnd === -1) return false;
	const head = answer.slice(0, headEnd);
	const length = /content-length: (\d+)/i.exec(head);
	// No JSON has a raw line break followed by this, so it is the end of the last chunk.
	return length === null ? answer.endsWith('\r\n0\r\n\r\n') : answer.length >= headEnd + 4 + Number(length[1]);
}

const isRefusal = (answer: string): boolean => /^HTTP\/1\.1 (429|5\d\d) /.test(answer);

/** Throws unless it is what the job says. */
function mustBeRight(answer: string, { status, contains }: Job): void {
	// A chunk may end in the middle of what we look for.
	const body = answer.replaceAll(/\r\n[0-9a-f]+\r\n/g, '');
	const missing = contains.find((text) => !body.includes(text));
	if (answer.startsWith(`HTTP/1.1 ${status} `) && missing === undefined) return;
	throw new Error(
		`expected ${status}${missing === undefined ? '' : ` with ${missing}`}, got: ${answer.slice(0, 2000)}`,
	);
}

process.on('message', (job: Job) => {
	const answer = (what: Told): void => void process.send?.(what);
	run(job).then(answer, (error: Error) => answer({ error: error.message }));
});
process.on('disconnect', () => process.exit());
