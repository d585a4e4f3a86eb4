import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { ApiError, type Connection, connect } from '../../../src/cluster/connect.ts';
import { startFreezableProxy } from '../../harness/freezable-proxy.ts';
import { writeKubeconfig } from '../../harness/kubeconfig.ts';
import {
	PATH,
	type Protocol,
	type ScriptedApiServer,
	startScriptedApiServer,
} from '../../harness/scripted-api-server.ts';
import { until } from '../../harness/until.ts';

const LIST = `${PATH}?limit=100`;
const WATCH = `${PATH}?watch=1`;
const failureOf = (promise: Promise<unknown>): Promise<unknown> =>
	promise.then(
		() => 'no failure',
		(reason) => reason,
	);

describe('connection', function () {
	this.timeout(60_000);
	let endings: (() => unknown)[] = [];
	afterEach(async () => {
		for (const end of endings.reverse()) await end();
		endings = [];
	});
	async function startServer(protocol: Protocol): Promise<ScriptedApiServer> {
		const api = await startScriptedApiServer(protocol);
		endings.push(api.stop);
		return api;
	}
	/** Connects with a kubeconfig, whose user has the fields of `more` too. */
	async function connectTo(url: string, ca: string, more: object = {}): Promise<Connection> {
		const { path, remove } = writeKubeconfig(url, ca);
		const config = JSON.parse(readFileSync(path, 'utf8'));
		Object.assign(config.users[0].user, more);
		writeFileSync(path, JSON.stringify(config));
		const connection = await connect(path);
		endings.push(remove, connection.close);
		return connection;
	}

	for (const protocol of ['HTTP/1.1', 'HTTP/2'] as const) {
		describe(protocol, () => {
			let api: ScriptedApiServer;
			let connection: Connection;
			beforeEach(async () => {
				api = await startServer(protocol);
				connection = await connectTo(api.url, api.ca);
			});

			it('many calls, one after the other › one or two TCP connections, with the token from the kubeconfig', async () => {
				for (let count = 0; count < 100; count += 1) await connection.get(LIST);
				expect(api.asked).to.have.length(100);
				expect(api.connections()).to.be.at.most(2);
				expect(connection.url).to.equal(api.url);
				expect(api.asked[0]?.authorization).to.equal('Bearer scripted-token');
			});

			it('a call is rejected › the message from the API server, with its status', async () => {
				api.next.list.push(({ refuse }) => refuse(403));
				api.next.watch.push(({ refuse }) => refuse(410));
				const calls = [connection.get(LIST), connection.stream(WATCH, 1_000, new AbortController().signal)];
				for (const [index, status] of [403, 410].entries())
					expect(await failureOf(calls[index] as Promise<unknown>))
						.to.be.instanceOf(ApiError)
						.and.include({ status, message: `${status} for ${PATH}: scripted ${status}` });
			});

			it('a response that is not JSON › an error that does not quote it, because it may contain a Secret', async () => {
				api.next.list.push(({ write, end }) => {
					write('{"data": {"password": hunter2');
					end();
				});
				const error = await failureOf(connection.get(LIST));
				expect(error).to.be.instanceOf(SyntaxError).with.property('message', 'the answer is not JSON');
			});

			it('the signal aborts › the call ends', async () => {
				api.next.list.push(() => undefined);
				const controller = new AbortController();
				const failing = failureOf(connection.get(LIST, controller.signal));
				await until(() => api.asked.length === 1);
				controller.abort();
				expect(await failing).to.have.property('name', 'AbortError');
			});

			it('a certificate from another CA › no request', async () => {
				const other = await startServer(protocol);
				const toOther = await connectTo(other.url, api.ca);
				expect(await failureOf(toOther.get(LIST))).to.be.instanceOf(Error);
				expect(other.asked).to.deep.equal([]);
			});

			it('the TCP connection of a watch is dead, without a reset › the watch uses another one', async () => {
				const proxy = await startFreezableProxy(api.url);
				endings.push(proxy.stop);
				const proxied = await connectTo(proxy.url, api.ca);
				const { signal } = new AbortController();
				const stream = await proxied.stream(WATCH, 300, signal);
				const reading = (async (): Promise<void> => {
					for await (const _ of stream);
				})();
				await until(() => api.openWatches() === 1);
				proxy.freeze();
				expect(await failureOf(reading)).to.be.instanceOf(Error);
				await proxied.stream(WATCH, 300, signal);
				expect(proxy.connections()).to.equal(2);
			});
		});
	}

	it('the user impersonates several groups › HTTP/1.1, because undici would join them over HTTP/2', async () => {
		const api = await startServer('HTTP/2');
		for (const groups of [['one'], ['one', 'two']])
			await (await connectTo(api.url, api.ca, { 'as-uid': '7', 'as-groups': groups })).get(LIST);
		expect(api.asked.map(({ httpVersion }) => httpVersion)).to.deep.equal(['2.0', '1.1']);
	});

	// A load balancer closes connections at its idle limit. A request that is sent at that moment gets no response.
	for (const [title, closed, act, expected, methods] of [
		['a GET › is repeated once', [2], async ({ get }) => [await get('/a'), await get('/b')], [{}, {}], 'GET GET GET'],
		['a GET and its repetition › fails', [1, 2], ({ get }) => get('/a'), 'UND_ERR_SOCKET', 'GET GET'],
		[
			'a write › is not repeated: it may have been done',
			[2],
			async ({ get, post }) => [await get('/a'), await post('/b', {})],
			'UND_ERR_SOCKET',
			'GET POST',
		],
	] as readonly [string, number[], (connection: Connection) => Promise<unknown>, unknown, string][]) {
		it(`the other side closes the connection › ${title}`, async () => {
			const requests: string[] = [];
			const server = createServer((request, response) => {
				if (closed.includes(requests.push(request.method ?? ''))) request.socket.end();
				else response.end('{}');
			});
			endings.push(() => server.close().closeAllConnections());
			await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
			const connection = await connectTo(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, '');
			const outcome: unknown = await act(connection).catch((error: NodeJS.ErrnoException) => error.code);
			expect(outcome).to.deep.equal(expected);
			expect(requests.join(' ')).to.equal(methods);
		});
	}
});
