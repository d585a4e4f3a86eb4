/** An HTTP proxy on loopback that tunnels every CONNECT to one server, whatever host is named. */
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';

export interface ConnectProxy {
	readonly url: string;
	/** `HOST:PORT` of each CONNECT. */
	readonly asked: string[];
	readonly stop: () => Promise<void>;
}

export async function startConnectProxy(target: string): Promise<ConnectProxy> {
	const { hostname, port } = new URL(target);
	const asked: string[] = [];
	const sockets = new Set<Socket>();
	const server = createServer((_request, response) => response.writeHead(405).end());
	server.on('connect', (request, near: Socket) => {
		asked.push(request.url ?? '');
		const far = connect(Number(port), hostname, () => near.write('HTTP/1.1 200 Connection established\r\n\r\n'));
		for (const [from, to] of [
			[near, far],
			[far, near],
		] as const) {
			sockets.add(from);
			from.pipe(to);
			from.on('error', () => to.destroy()).on('close', () => to.destroy());
		}
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	return {
		url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
		asked,
		stop: async () => {
			const closed = new Promise((resolve) => server.close(resolve));
			for (const socket of sockets) socket.destroy();
			await closed;
		},
	};
}
