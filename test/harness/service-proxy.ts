/**
 * Forwards connections like kube-proxy for a Service: each new connection uses the next port in the list, and open
 * connections keep their port. The proxy forwards bytes, FINs and resets.
 */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export type ServiceProxy = Awaited<ReturnType<typeof startServiceProxy>>;

export async function startServiceProxy() {
	const listed: number[] = [];
	const open = new Set<Socket>();
	let count = 0;
	const server = createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
		count += 1;
		const port = listed[count % listed.length];
		if (port === undefined) {
			near.resetAndDestroy();
			return;
		}
		const far = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
		open.add(far);
		far.once('close', () => open.delete(far));
		near.on('error', () => far.resetAndDestroy());
		far.on('error', () => near.resetAndDestroy());
		near.pipe(far).pipe(near);
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	return {
		port: (server.address() as AddressInfo).port,
		list: (port: number) => void listed.push(port),
		unlist: (port: number) => void listed.splice(listed.indexOf(port), 1),
		stop: async () => {
			const closed = new Promise((resolve) => server.close(resolve));
			// The error resets the other side too.
			for (const far of open) far.destroy(new Error('the proxy stops'));
			await closed;
		},
	};
}
