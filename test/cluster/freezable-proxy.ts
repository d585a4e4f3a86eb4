/** A TCP proxy whose connections can go dead without a word, as they do behind a load balancer that forgot them. */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface FreezableProxy {
	readonly url: string;
	/** From now on nothing passes on the connections that are open. New ones work. */
	readonly freeze: () => void;
	/** TCP connections ever made through it. */
	readonly connections: () => number;
	readonly stop: () => Promise<void>;
}

export async function startFreezableProxy(target: string): Promise<FreezableProxy> {
	const { hostname, port } = new URL(target);
	const sockets = new Set<Socket>();
	let connections = 0;
	const server = createServer((near) => {
		connections += 1;
		const far = connect(Number(port), hostname);
		for (const [from, to] of [
			[near, far],
			[far, near],
		] as const) {
			sockets.add(from);
			from.on('error', () => undefined);
			from.on('close', () => {
				sockets.delete(from);
				to.destroy();
			});
			from.pipe(to);
		}
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	return {
		url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
		freeze: () => {
			for (const socket of sockets) socket.unpipe().pause();
		},
		connections: () => connections,
		stop: async () => {
			const closed = new Promise((resolve) => server.close(resolve));
			for (const socket of sockets) socket.destroy();
			await closed;
		},
	};
}
