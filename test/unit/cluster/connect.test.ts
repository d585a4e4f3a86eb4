import { readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { ApiError, type Connection, connect } from '../../../src/cluster/connect.ts';
import { startFreezableProxy } from '../../harness/freezable-proxy.ts';
import { type Kubeconfig, writeKubeconfig } from '../../harness/kubeconfig.ts';
import { later } from '../../harness/later.ts';
import { PATH, type ScriptedApiServer, startScriptedApiServer } from '../../harness/scripted-api-server.ts';
import { until } from '../../harness/until.ts';
import { PROTOCOLS } from './harness.ts';

const LIST = `${PATH}?limit=100`;
const API = 'client.authentication.k8s.io/v1';
const failureOf = (promise: Promise<unknown>): Promise<unknown> =>
	promise.then(
		() => 'no failure',
		(reason) => reason,
	);

for (const protocol of PROTOCOLS) {
	describe(`connection over ${protocol}`, function () {
		this.timeout(60_000);
		let api: ScriptedApiServer;
		let kubeconfig: Kubeconfig;
		let connection: Connection;
		beforeEach(async () => {
			api = await startScriptedApiServer(protocol);
			kubeconfig = writeKubeconfig(api.url, api.ca);
			connection = await connect(kubeconfig.path);
		});
		afterEach(async () => {
			await connection.close();
			await api.stop();
			kubeconfig.remove();
		});

		it('many calls, one after the other › one or two TCP connections, with the token from the kubeconfig', async () => {
			for (let count = 0; count < 100; count += 1) await connection.get(LIST);
			expect(api.asked).to.have.length(100);
			expect(api.connections()).to.be.at.most(2);
			expect(connection.url).to.equal(api.url);
			expect(api.asked[0]?.authorization).to.equal('Bearer scripted-token');
		});

		it('a call is rejected › the message from the API server, with its status', async () => {
			for (const status of [403, 404, 410, 500]) {
				api.next.list.push(({ refuse }) => refuse(status));
				const message = `${status} for ${PATH}: scripted ${status}`;
				expect(await failureOf(connection.get(LIST)))
					.to.be.instanceOf(ApiError)
					.and.include({ status, message });
			}
			api.next.watch.push(({ refuse }) => refuse(410));
			const watching = connection.stream(`${PATH}?watch=1`, 1_000, new AbortController().signal);
			expect(await failureOf(watching))
				.to.be.instanceOf(ApiError)
				.with.property('status', 410);
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
			const other = await startScriptedApiServer(protocol);
			const wrong = writeKubeconfig(other.url, api.ca);
			const toOther = await connect(wrong.path);
			expect(await failureOf(toOther.get(LIST))).to.be.instanceOf(Error);
			expect(other.asked).to.deep.equal([]);
			await toOther.close();
			wrong.remove();
			await other.stop();
		});

		it('the TCP connection of a watch is dead, without a reset › the watch uses another one', async () => {
			const proxy = await startFreezableProxy(api.url);
			const throughProxy = writeKubeconfig(proxy.url, api.ca);
			const proxied = await connect(throughProxy.path);
			const { signal } = new AbortController();
			const stream = await proxied.stream(`${PATH}?watch=1`, 300, signal);
			const reading = (async (): Promise<void> => {
				for await (const _ of stream);
			})();
			await until(() => api.openWatches() === 1);
			proxy.freeze();
			expect(await failureOf(reading)).to.be.instanceOf(Error);
			await proxied.stream(`${PATH}?watch=1`, 300, signal);
			expect(proxy.connections()).to.equal(2);
			await proxied.close();
			await proxy.stop();
			throughProxy.remove();
		});
	});
}

describe('connection › kubeconfig', () => {
	let kubeconfig: Kubeconfig;
	beforeEach(() => {
		kubeconfig = writeKubeconfig('https://127.0.0.1:1', 'no certificate');
	});
	afterEach(() => kubeconfig.remove());

	it('missing › an error with its path', async () => {
		const error = await failureOf(connect('/nowhere/config'));
		expect(error)
			.to.have.property('message')
			.that.matches(/ENOENT.*\/nowhere\/config/);
	});

	for (const text of ['{', 'just text', '', 'apiVersion: v1\nkind: Config\n']) {
		it(`${JSON.stringify(text)} › an error`, async () => {
			writeFileSync(kubeconfig.path, text);
			expect(await failureOf(connect(kubeconfig.path))).to.be.instanceOf(Error);
		});
	}

	it('an exec plugin › its token is replaced › requested again after 10 s, and not for each call', async () => {
		const api = await startScriptedApiServer();
		const withExec = writeKubeconfig(api.url, api.ca);
		const file = `${withExec.path}.token`;
		const replace = (token: string): void => {
			// The token has expired, so that client-node runs the plugin again.
			const status = { token, expirationTimestamp: '2020-01-01T00:00:00Z' };
			writeFileSync(file, JSON.stringify({ apiVersion: API, kind: 'ExecCredential', status }));
		};
		const config = JSON.parse(readFileSync(withExec.path, 'utf8'));
		config.users = [{ name: 'one', user: { exec: { apiVersion: API, command: 'cat', args: [file] } } }];
		writeFileSync(withExec.path, JSON.stringify(config));
		replace('first');
		const connection = await connect(withExec.path);
		await connection.get(LIST);
		replace('second');
		await later(9_000, () => connection.get(LIST));
		await later(11_000, () => connection.get(LIST));
		await connection.close();
		await api.stop();
		withExec.remove();
		const tokens = api.asked.map(({ authorization }) => authorization);
		expect(tokens).to.deep.equal(['Bearer first', 'Bearer first', 'Bearer second']);
	});
});
