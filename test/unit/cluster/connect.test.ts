import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { ApiError, type Connection, connect } from '../../../src/cluster/connect.ts';
import { startWatch } from '../../../src/cluster/watch.ts';
import { startFreezableProxy } from '../../harness/freezable-proxy.ts';
import { type Kubeconfig, writeKubeconfig } from '../../harness/kubeconfig.ts';
import { later } from '../../harness/later.ts';
import { PATH, type ScriptedApiServer, startScriptedApiServer } from '../../harness/scripted-api-server.ts';
import { until } from '../../harness/until.ts';
import { createFollower, TIMING } from './following.ts';

const LIST = `${PATH}?limit=100`;
const API = 'client.authentication.k8s.io/v1';

for (const protocol of ['HTTP/1.1', 'HTTP/2'] as const) {
	describe(`cluster connection over ${protocol}`, function () {
		this.timeout(60_000);
		let api: ScriptedApiServer;
		let kubeconfig: Kubeconfig;
		let connection: Connection;
		const { following, endAll } = createFollower(protocol);
		beforeEach(async () => {
			api = await startScriptedApiServer(protocol);
			kubeconfig = writeKubeconfig(api.url, api.ca);
			connection = await connect(kubeconfig.path);
		});
		afterEach(async () => {
			await connection.close();
			await endAll();
			await api.stop();
			kubeconfig.remove();
		});

		it('names where it goes to, and who it is', async () => {
			expect(connection.url).to.equal(api.url);
			await connection.get(LIST);
			expect(api.asked[0]?.authorization).to.equal('Bearer scripted-token');
		});

		it('uses one TCP connection for many calls, one after the other', async () => {
			for (let count = 0; count < 100; count += 1) await connection.get(LIST);
			expect(api.asked).to.have.length(100);
			expect(api.connections()).to.be.at.most(2);
		});

		it('uses few for a watch and calls beside it', async () => {
			const { api: watched, connection: shared } = await following();
			for (let count = 0; count < 50; count += 1) await shared.get(LIST);
			expect(watched.connections()).to.be.at.most(3);
			expect(watched.openWatches()).to.equal(1);
		});

		it('says what the API server said, with its status', async () => {
			for (const status of [403, 404, 410, 500]) {
				api.next.list.push(({ refuse }) => refuse(status));
				const error: unknown = await connection.get(LIST).catch((reason) => reason);
				expect(error).to.be.instanceOf(ApiError).with.property('status', status);
				expect((error as Error).message).to.equal(`${status} for ${PATH}: scripted ${status}`);
			}
		});

		it('refuses a watch in the same way', async () => {
			api.next.watch.push(({ refuse }) => refuse(410));
			const signal = new AbortController().signal;
			const error: unknown = await connection.stream(`${PATH}?watch=1`, 1_000, signal).catch((reason) => reason);
			expect(error).to.be.instanceOf(ApiError).with.property('status', 410);
		});

		it('a response that is not JSON › an error that does not quote it: it may be of a Secret', async () => {
			api.next.list.push(({ write, end }) => {
				write('{"data": {"password": hunter2');
				end();
			});
			const error: unknown = await connection.get(LIST).catch((reason) => reason);
			expect(error).to.be.instanceOf(SyntaxError).with.property('message', 'the answer is not JSON');
		});

		it('ends a call with its signal', async () => {
			api.next.list.push(() => undefined);
			const controller = new AbortController();
			const asking = connection.get(LIST, controller.signal).catch((reason: Error) => reason.name);
			await until(() => api.asked.length === 1);
			controller.abort();
			expect(await asking).to.equal('AbortError');
		});

		it('trusts nobody but the authority in the kubeconfig', async () => {
			const stranger = await startScriptedApiServer(protocol);
			const misled = writeKubeconfig(stranger.url, api.ca);
			const astray = await connect(misled.path);
			const error: unknown = await astray.get(LIST).catch((reason) => reason);
			await astray.close();
			misled.remove();
			await stranger.stop();
			expect(error).to.be.instanceOf(Error);
			expect(stranger.asked).to.deep.equal([]);
		});

		it('leaves a connection that went dead without a word', async () => {
			const proxy = await startFreezableProxy(api.url);
			const throughProxy = writeKubeconfig(proxy.url, api.ca);
			const frail = await connect(throughProxy.path);
			const seen: string[] = [];
			const watch = startWatch({
				connection: frail,
				paths: [PATH],
				project: (item) => item,
				onList: () => seen.push('list'),
				onChange: () => seen.push('change'),
				onDelete: () => undefined,
				warn: () => undefined,
				timing: { ...TIMING, idleTimeoutMs: 300 },
			});
			await until(() => api.openWatches() === 1);
			await sleep(50);
			proxy.freeze();
			api.put('after-the-freeze');
			await until(() => seen.length > 1);
			watch.stop();
			await frail.close();
			await proxy.stop();
			throughProxy.remove();
		});
	});
}

describe('cluster kubeconfig', () => {
	const failureOf = async (path: string): Promise<string> => {
		const error: unknown = await connect(path).then(
			(connection) => connection.close(),
			(reason) => reason,
		);
		return error instanceof Error ? error.message : 'it was taken';
	};
	let kubeconfig: Kubeconfig;
	beforeEach(() => {
		kubeconfig = writeKubeconfig('https://127.0.0.1:1', 'no certificate');
	});
	afterEach(() => kubeconfig.remove());

	it('has to be there', async () => {
		rmSync(kubeconfig.path);
		expect(await failureOf(kubeconfig.path))
			.to.contain('ENOENT')
			.and.to.contain(kubeconfig.path);
	});

	it('has to be YAML, and to name a cluster', async () => {
		for (const text of ['{', 'just text', '', 'apiVersion: v1\nkind: Config\n']) {
			writeFileSync(kubeconfig.path, text);
			expect(await failureOf(kubeconfig.path), JSON.stringify(text)).not.to.equal('it was taken');
		}
	});
});

it('calls of a connection follow a token that is replaced, and do not ask for it each time', async () => {
	const api = await startScriptedApiServer();
	const kubeconfig = writeKubeconfig(api.url, api.ca);
	const file = `${kubeconfig.path}.token`;
	const replace = (token: string): void => {
		// Over long ago, or the client would never ask again.
		const status = { token, expirationTimestamp: '2020-01-01T00:00:00Z' };
		writeFileSync(file, JSON.stringify({ apiVersion: API, kind: 'ExecCredential', status }));
	};
	const config = JSON.parse(readFileSync(kubeconfig.path, 'utf8'));
	config.users = [{ name: 'one', user: { exec: { apiVersion: API, command: 'cat', args: [file] } } }];
	writeFileSync(kubeconfig.path, JSON.stringify(config));
	replace('first');
	const connection = await connect(kubeconfig.path);
	await connection.get(LIST);
	replace('second');
	await later(9_000, () => connection.get(LIST));
	await later(11_000, () => connection.get(LIST));
	await connection.close();
	await api.stop();
	kubeconfig.remove();
	const tokens = api.asked.map(({ authorization }) => authorization);
	expect(tokens).to.deep.equal(['Bearer first', 'Bearer first', 'Bearer second']);
});
