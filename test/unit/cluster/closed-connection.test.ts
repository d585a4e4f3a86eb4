/**
 * Tests a load balancer that closes connections at its idle limit. A request that is sent at that moment gets no
 * response.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { type Connection, connect } from '../../../src/cluster/connect.ts';
import { writeKubeconfig } from '../../harness/kubeconfig.ts';

describe('cluster connection › the other side closes it', () => {
	/** Closes the connection on the requests with these numbers, as a load balancer does at its idle limit. */
	const startClosing = async (
		closed: readonly number[],
	): Promise<{ url: string; requests: string[]; stop: () => void }> => {
		const requests: string[] = [];
		const server = createServer((request, response) => {
			const isClosed = closed.includes(requests.push(request.method ?? ''));
			if (isClosed) request.socket.end();
			else response.end('{}');
		});
		await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
		return {
			url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
			requests,
			stop: () => server.close().closeAllConnections(),
		};
	};

	for (const { title, closed, act, expected, requests } of [
		{
			title: 'a GET › is repeated once',
			closed: [2],
			act: async ({ get }: Connection) => [await get('/a'), await get('/b')],
			expected: [{}, {}],
			requests: ['GET', 'GET', 'GET'],
		},
		{
			title: 'a GET and its repetition › fails',
			closed: [1, 2],
			act: ({ get }: Connection) => get('/a'),
			expected: 'UND_ERR_SOCKET',
			requests: ['GET', 'GET'],
		},
		{
			title: 'a write › is not repeated: it may have been done',
			closed: [2],
			act: async ({ get, post }: Connection) => [await get('/a'), await post('/b', {})],
			expected: 'UND_ERR_SOCKET',
			requests: ['GET', 'POST'],
		},
	]) {
		it(title, async () => {
			const server = await startClosing(closed);
			const kubeconfig = writeKubeconfig(server.url, '');
			const connection = await connect(kubeconfig.path);
			const outcome: unknown = await act(connection).catch((error: NodeJS.ErrnoException) => error.code);
			await connection.close();
			kubeconfig.remove();
			server.stop();
			expect(outcome).to.deep.equal(expected);
			expect(server.requests).to.deep.equal(requests);
		});
	}
});
