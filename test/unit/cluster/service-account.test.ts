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
	const credentials = () => {
		const { hostname, port } = new URL(api.url);
		return fromServiceAccount({ KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port }, folder);
	};
	const write = (file: string, text: string): void => writeFileSync(join(folder, file), text);
	beforeEach(async () => {
		api = await startScriptedApiServer();
		folder = mkdtempSync(join(tmpdir(), 'service-account-'));
		write('ca.crt', api.ca);
		write('token', 'mounted-token\n');
		write('namespace', 'toolhive-scaling');
	});
	afterEach(async () => {
		rmSync(folder, { recursive: true });
		await api.stop();
	});

	it('mounted › URL, namespace and token; a replaced token is read after 10 s, and not for each call', async () => {
		const { url, namespace, dispatcher, headers } = await credentials();
		expect({ url, namespace }).to.deep.equal({ url: api.url, namespace: 'toolhive-scaling' });
		const call = async (): Promise<void> => {
			const { body, statusCode } = await request(`${url}${PATH}?limit=1`, { headers: await headers(), dispatcher });
			await body.dump();
			expect(statusCode).to.equal(200);
		};
		await call();
		write('token', 'second-token\n');
		await later(9_000, call);
		await later(11_000, call);
		write('token', 'third-token\n');
		await later(20_000, call);
		await later(22_000, call);
		const tokens = api.asked.map(({ authorization }) => authorization?.replace('Bearer ', ''));
		expect(tokens).to.deep.equal(['mounted-token', 'mounted-token', 'second-token', 'second-token', 'third-token']);
		await dispatcher.destroy();
	});

	it('another CA is mounted › no request', async () => {
		const other = await startScriptedApiServer();
		write('ca.crt', other.ca);
		await other.stop();
		const { url, dispatcher } = await credentials();
		expect(await request(url, { dispatcher }).catch((reason) => reason)).to.be.instanceOf(Error);
		expect(api.asked).to.deep.equal([]);
		await dispatcher.destroy();
	});

	it('an IPv6 address › in brackets; no namespace is mounted › none', async () => {
		rmSync(join(folder, 'namespace'));
		const env = { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '443' };
		expect(await fromServiceAccount(env, folder)).to.include({ url: 'https://[fd00::1]:443', namespace: undefined });
	});

	for (const file of ['ca.crt', 'token']) {
		it(`${file} is missing › an error with its path`, async () => {
			rmSync(join(folder, file));
			const error: unknown = await credentials().catch((reason) => reason);
			expect(error).to.have.property('message').that.includes(join(folder, file));
		});
	}
});
