/** A TCP proxy whose connections can fail as they do in real networks: silently, for a while, or with a reset. */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface FreezableProxy {
	readonly url: string;
	/** Stops forwarding on the open connections, like a load balancer that dropped them. New connections work. */
	readonly freeze: () => void;
	/**
	 * Stops forwarding on all connections, including new ones, until `resume` is called. Frozen connections stay frozen.
	 */
	readonly stall: () => void;
	readonly resume: () => void;
	/** Returns how many sockets have received bytes that the proxy has not forwarded yet. */
	readonly waiting: () => number;
	/** Resets every open connection. */
	readonly reset: () => void;
	/** Resets the frozen connections that are still open. */
	readonly resetFrozen: () => void;
	/** Sets whether the proxy resets new connections. */
	readonly refuse: (isRefusing: boolean) => void;
	/** Returns the number of TCP connections so far. */
	readonly connections: () => number;
	readonly stop: () => Promise<void>;
}

export async function startFreezableProxy(target: string): Promise<FreezableProxy> {
	const { hostname, port } = new URL(target);
	/** Maps each socket of a connection to the socket that receives its bytes. */
	const ends = new Map<Socket, Socket>();
	const frozen = new WeakSet<Socket>();
	let connections = 0;
	let isStalled = false;
	let isRefusing = false;
	const server = createServer((near) => {
		connections += 1;
		near.on('error', () => undefined);
		if (isRefusing) {
			near.resetAndDestroy();
			return;
		}
		const far = connect(Number(port), hostname);
		for (const [from, to] of [
			[near, far],
			[far, near],
		] as const) {
			ends.set(from, to);
			from.on('error', () => to.resetAndDestroy());
			from.on('close', () => {
				ends.delete(from);
				to.destroy();
			});
			if (!isStalled) from.pipe(to);
		}
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	const hold = (): void => {
		for (const from of ends.keys()) from.unpipe().pause();
	};
	return {
		url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
		freeze: () => {
			hold();
			for (const from of ends.keys()) frozen.add(from);
		},
		stall: () => {
			isStalled = true;
			hold();
		},
		resume: () => {
			isStalled = false;
			for (const [from, to] of ends) if (!frozen.has(from)) from.pipe(to);
		},
		waiting: () => [...ends.keys()].filter(({ readableLength }) => readableLength > 0).length,
		reset: () => {
			for (const from of ends.keys()) from.resetAndDestroy();
		},
		resetFrozen: () => {
			for (const from of ends.keys()) if (frozen.has(from)) from.resetAndDestroy();
		},
		refuse: (now) => {
			isRefusing = now;
		},
		connections: () => connections,
		stop: async () => {
			const closed = new Promise((resolve) => server.close(resolve));
			for (const from of ends.keys()) from.destroy();
			await closed;
		},
	};
}
