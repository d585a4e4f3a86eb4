/**
 * Stands in for kube-proxy in front of a Service: new connections go by turns to whoever is listed, open ones stay where they are. It hands
 * bytes, ends and resets through as they come.
 */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface ServiceProxy {
	readonly port: number;
	readonly list: (port: number) => void;
	readonly unlist: (port: number) => void;
	/** Connections that are open to a port. */
	readonly open: (port: number) => number;
	readonly stop: () => Promise<void>;
}

export async function startServiceProxy(): Promise<ServiceProxy> {
	const listed: number[] = [];
	const open = new Map<number, number>();
	const sockets = new Set<Socket>();
	let turn = 0;
	const server = createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
		turn += 1;
		const port = listed[turn % listed.length];
		if (port === undefined) {
			near.resetAndDestroy();
			return;
		}
		const far = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
		open.set(port, (open.get(port) ?? 0) + 1);
		far.once('close', () => open.set(port, (open.get(port) ?? 0) - 1));
		for (const [from, to] of [
			[near, far],
			[far, near],
		] as const) {
			sockets.add(from);
			from.once('close', () => sockets.delete(from));
			from.on('error', () => to.resetAndDestroy());
			from.pipe(to);
		}
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	return {
		port: (server.address() as AddressInfo).port,
		list: (port) => void listed.push(port),
		unlist: (port) => void listed.splice(listed.indexOf(port), 1),
		open: (port) => open.get(port) ?? 0,
		stop: async () => {
			const closed = new Promise((resolve) => server.close(resolve));
			for (const socket of sockets) socket.destroy();
			await closed;
		},
	};
}
