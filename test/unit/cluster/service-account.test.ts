import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { request } from 'undici';
import { fromServiceAccount } from '../../../src/cluster/service-account.ts';
import { later } from '../../harness/later.ts';
import { PATH, type ScriptedApiServer, startScriptedApiServer } from '../../harness/scripted-api-server.ts';

describe('credentials of a pod', () => {
	let api: ScriptedApiServer;
	let folder: string;
	const env = (): Record<string, string> => {
		const { hostname, port } = new URL(api.url);
		return { KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port };
	};
	const write = (file: string, text: string): void => writeFileSync(join(folder, file), text);
	beforeEach(async () => {
		api = await startScriptedApiServer('HTTP/1.1');
		folder = mkdtempSync(join(tmpdir(), 'service-account-'));
		write('ca.crt', api.ca);
		write('token', 'mounted-token\n');
		write('namespace', 'toolhive-scaling');
	});
	afterEach(async () => {
		rmSync(folder, { recursive: true });
		await api.stop();
	});

	it('are those that Kubernetes mounts', async () => {
		const { url, namespace, dispatcher, headers } = await fromServiceAccount(env(), folder);
		expect({ url, namespace }).to.deep.equal({ url: api.url, namespace: 'toolhive-scaling' });
		const answer = await request(new URL(`${PATH}?limit=1`, url), {
			headers: await headers(),
			dispatcher,
		});
		expect(answer.statusCode).to.equal(200);
		expect(api.asked.map(({ authorization }) => authorization)).to.deep.equal(['Bearer mounted-token']);
		await answer.body.dump();
		await dispatcher.destroy();
	});

	it('follow the token, which Kubernetes replaces every hour, within 10 s; files are not read for each call', async () => {
		const { url, dispatcher, headers } = await fromServiceAccount(env(), folder);
		const ask = async (): Promise<void> => {
			const how = { headers: await headers(), dispatcher };
			await (await request(new URL(`${PATH}?limit=1`, url), how)).body.dump();
		};
		await ask();
		write('token', 'second-token\n');
		await later(9_000, ask);
		await later(11_000, ask);
		write('token', 'third-token\n');
		await later(20_000, ask);
		await later(22_000, ask);
		const tokens = api.asked.map(({ authorization }) => authorization?.replace('Bearer ', ''));
		expect(tokens).to.deep.equal(['mounted-token', 'mounted-token', 'second-token', 'second-token', 'third-token']);
		await dispatcher.destroy();
	});

	it('trust the CA that is mounted, and no other', async () => {
		const stranger = await startScriptedApiServer('HTTP/1.1');
		write('ca.crt', stranger.ca);
		const { url, dispatcher } = await fromServiceAccount(env(), folder);
		const error: unknown = await request(url, { dispatcher }).catch((reason) => reason);
		expect(error).to.be.instanceOf(Error);
		expect(api.asked).to.deep.equal([]);
		await dispatcher.destroy();
		await stranger.stop();
	});

	it('put an IPv6 address into brackets', async () => {
		const ipv6 = { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '443' };
		expect((await fromServiceAccount(ipv6, folder)).url).to.equal('https://[fd00::1]:443');
	});

	it('know no namespace where none is mounted', async () => {
		rmSync(join(folder, 'namespace'));
		expect((await fromServiceAccount(env(), folder)).namespace).to.equal(undefined);
	});

	for (const file of ['ca.crt', 'token']) {
		it(`say that ${file} is missing`, async () => {
			rmSync(join(folder, file));
			const error = await fromServiceAccount(env(), folder).catch((reason: Error) => reason);
			expect((error as Error).message).to.include(join(folder, file));
		});
	}
});
