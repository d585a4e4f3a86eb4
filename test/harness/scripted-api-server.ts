/**
 * Serves one resource like an API server, over HTTPS, with scripted faults. It keeps a history, so that a watch from an
 * older resourceVersion receives the changes that it missed.
 */
import type { IncomingMessage } from 'node:http';
import { createSecureServer, type Http2ServerRequest } from 'node:http2';
import { createServer as createHttpsServer, type Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { issueCa, issueServing } from '../../certs/issue.ts';
import type { Json } from '../../src/api/types.ts';

export type Protocol = 'HTTP/1.1' | 'HTTP/2';
type Request = IncomingMessage | Http2ServerRequest;
/** The methods that the responses of HTTP/1.1 and HTTP/2 share. */
interface Response {
	writeHead(status: number, headers: Record<string, string>): unknown;
	write(text: string): unknown;
	end(text: string): unknown;
	on(event: 'close', listener: () => void): unknown;
}

interface Asked {
	readonly kind: 'list' | 'watch' | 'get';
	readonly path: string;
	readonly query: URLSearchParams;
	readonly authorization: string | undefined;
	readonly httpVersion: string;
}

/** Responds to a request instead of the server. */
export type Fault = (respond: Responder) => void;

export interface Responder {
	readonly query: URLSearchParams;
	/** Responds with a Kubernetes Status. */
	readonly refuse: (status: number) => void;
	/** Starts a watch that stays open, with exactly these bytes. */
	readonly write: (text: string) => void;
	readonly end: () => void;
	/** Resets the TCP connection without a response. */
	readonly reset: () => void;
	readonly behave: () => void;
}

export type ScriptedApiServer = Awaited<ReturnType<typeof startScriptedApiServer>>;

const TYPE = { apiVersion: 'example.dev/v1', kind: 'Thing' };
export const PATH = '/apis/example.dev/v1/things';
/** Small, so that a list of a few objects has several pages. */
const PAGE_SIZE = 3;
const HEADERS = { 'content-type': 'application/json' };

export async function startScriptedApiServer(protocol: Protocol = 'HTTP/1.1', paths = [PATH]) {
	const ca = await issueCa();
	const objects = new Map<string, Json & { metadata: Json }>();
	const history: { version: number; line: string }[] = [];
	/** Every request so far. */
	const asked: Asked[] = [];
	const watches = new Set<Response>();
	const sockets = new Set<Socket>();
	let connections = 0;
	let version = 1;
	let compactedAt = 0;
	let isQuiet = false;
	/** Faults for the next requests of a kind. `always` has the fault for every other request of that kind. */
	const next: Record<'list' | 'watch', Fault[]> = { list: [], watch: [] };
	const always: Record<'list' | 'watch', Fault | undefined> = { list: undefined, watch: undefined };

	/** Writes raw text to every open watch. */
	const write = (text: string): void => {
		for (const watch of watches) watch.write(text);
	};
	const lineOf = (type: string, object: Json): string => `${JSON.stringify({ type, object })}\n`;
	const publish = (type: string, object: Json): void => {
		history.push({ version, line: lineOf(type, object) });
		if (!isQuiet) write(lineOf(type, object));
	};
	const respondTo = (request: Request, response: Response, kind: Asked['kind'], query: URLSearchParams): Responder => {
		const json = (status: number, body: Json): void => {
			response.writeHead(status, HEADERS);
			response.end(JSON.stringify(body));
		};
		const open = (text: string): void => {
			response.writeHead(200, HEADERS);
			watches.add(response);
			response.on('close', () => watches.delete(response));
			response.write(text);
		};
		const refuse = (code: number): void =>
			json(code, { kind: 'Status', apiVersion: 'v1', status: 'Failure', message: `scripted ${code}`, code });
		const list = (): void => {
			const start = Number(query.get('continue') ?? 0);
			const end = start + Math.min(Number(query.get('limit')), PAGE_SIZE);
			const items = [...objects.values()].slice(start, end).map(({ apiVersion: _, kind: __, ...item }) => item);
			const more = end < objects.size ? { continue: String(end) } : {};
			json(200, { ...TYPE, kind: 'ThingList', metadata: { resourceVersion: String(version), ...more }, items });
		};
		const watch = (): void => {
			const since = Number(query.get('resourceVersion'));
			if (since < compactedAt) refuse(410);
			else open(history.flatMap((event) => (event.version > since ? event.line : [])).join(''));
		};
		return {
			...{ query, refuse, write: open, behave: kind === 'watch' ? watch : list },
			end: () => void response.end(''),
			reset: () => void request.socket.destroy(),
		};
	};
	const answer = (request: Request, response: Response): void => {
		const { pathname, searchParams: query } = new URL(request.url ?? '', 'https://scripted');
		const kind = !paths.includes(pathname) ? 'get' : query.has('watch') ? 'watch' : 'list';
		const { authorization } = request.headers;
		asked.push({ kind, path: pathname, query, authorization, httpVersion: request.httpVersion });
		const responder = respondTo(request, response, kind, query);
		const fault = kind === 'get' ? undefined : (next[kind].shift() ?? always[kind]);
		if (kind === 'get') responder.refuse(404);
		else if (fault === undefined) responder.behave();
		else fault(responder);
	};

	const pair = await issueServing(ca);
	const server = (
		protocol === 'HTTP/2' ? createSecureServer({ ...pair, allowHTTP1: true }, answer) : createHttpsServer(pair, answer)
	) as Server;
	server.on('connection', (socket: Socket) => {
		connections += 1;
		sockets.add(socket);
		socket.on('close', () => sockets.delete(socket)).on('error', () => undefined);
	});
	const listen = (port: number): Promise<void> => new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
	await listen(0);
	const { port } = server.address() as AddressInfo;
	const resetAll = (): void => {
		for (const socket of sockets) socket.destroy();
	};
	/** Closes the port until `up` is called. */
	const down = async (): Promise<void> => {
		const closed = new Promise((resolve) => server.close(resolve));
		resetAll();
		await closed;
	};
	return {
		...{ url: `https://127.0.0.1:${port}`, ca: ca.cert, asked, next, always, write, resetAll, down },
		/** Returns the objects, as a list request returns them. */
		items: (): Json[] => [...objects.values()],
		put: (name: string, fields: Json = {}): void => {
			version += 1;
			const previous = objects.get(name);
			const uid = previous?.metadata['uid'] ?? `uid-${version}`;
			const metadata = { name, namespace: 'shop', uid, resourceVersion: String(version) };
			const object = { ...TYPE, metadata, ...fields };
			objects.set(name, object);
			publish(previous === undefined ? 'ADDED' : 'MODIFIED', object);
		},
		remove: (name: string): void => {
			version += 1;
			const previous = objects.get(name);
			objects.delete(name);
			publish('DELETED', { ...previous, metadata: { ...previous?.metadata, resourceVersion: String(version) } });
		},
		/** Makes changes that no open watch receives. The next watch receives them. */
		quietly: (change: () => void): void => {
			isQuiet = true;
			change();
			isQuiet = false;
		},
		/** Drops the history, so that a watch from an older version receives 410. */
		compact: (): void => {
			version += 1;
			compactedAt = version;
			history.length = 0;
		},
		openWatches: (): number => watches.size,
		bookmark: (): void => {
			version += 1;
			write(lineOf('BOOKMARK', { ...TYPE, metadata: { resourceVersion: String(version) } }));
		},
		endWatches: (): void => {
			for (const watch of watches) watch.end('');
		},
		/** Returns the number of TCP connections so far. */
		connections: (): number => connections,
		up: () => listen(port),
		stop: async (): Promise<void> => {
			if (server.listening) await down();
		},
	};
}
