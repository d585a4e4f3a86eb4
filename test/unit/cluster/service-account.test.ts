import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { request } from 'undici';
import { fromServiceAccount } from '../../../src/cluster/service-account.ts';
import { later } from '../../harness/later.ts';
import { PATH, startScriptedApiServer } from '../../harness/scripted-api-server.ts';

describe('credentials of a pod', () => {
	let folder: string;
	const write = (file: string, text: string): void => writeFileSync(join(folder, file), text);
	const credentialsAt = (host: string, port = '443') =>
		fromServiceAccount({ KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port }, folder);
	beforeEach(() => {
		folder = mkdtempSync(join(tmpdir(), 'service-account-'));
		write('ca.crt', '');
		write('token', 'mounted-token\n');
		write('namespace', 'toolhive-scaling');
	});
	afterEach(() => rmSync(folder, { recursive: true }));

	it('mounted › URL, namespace and token; a replaced token is read after 10 s, and not for each call', async () => {
		const { url, namespace, headers } = await credentialsAt('10.96.0.1');
		expect({ url, namespace }).to.deep.equal({ url: 'https://10.96.0.1:443', namespace: 'toolhive-scaling' });
		write('token', 'second-token\n');
		expect(await later(9_000, headers)).to.deep.equal({ authorization: 'Bearer mounted-token' });
		expect(await later(11_000, headers)).to.deep.equal({ authorization: 'Bearer second-token' });
		write('token', 'third-token\n');
		expect(await later(20_000, headers)).to.deep.equal({ authorization: 'Bearer second-token' });
		expect(await later(22_000, headers)).to.deep.equal({ authorization: 'Bearer third-token' });
	});

	it('the CA of the API server is mounted › requests; another CA › no request', async () => {
		const [api, other] = [await startScriptedApiServer(), await startScriptedApiServer()];
		const { hostname, port } = new URL(api.url);
		const outcomes: unknown[] = [];
		for (const { ca } of [api, other]) {
			write('ca.crt', ca);
			const { url, dispatcher } = await credentialsAt(hostname, port);
			const response: unknown = await request(`${url}${PATH}?limit=1`, { dispatcher }).catch(({ code }) => ({ code }));
			outcomes.push(response);
			await dispatcher.destroy();
		}
		await Promise.all([api.stop(), other.stop()]);
		expect(api.asked).to.have.length(1);
		expect(outcomes[0]).to.have.property('statusCode', 200);
		expect(outcomes[1])
			.to.have.property('code')
			.that.matches(/CERT|SIGNATURE/);
	});

	it('an IPv6 address › in brackets; no namespace is mounted › none', async () => {
		rmSync(join(folder, 'namespace'));
		expect(await credentialsAt('fd00::1')).to.include({ url: 'https://[fd00::1]:443', namespace: undefined });
	});

	for (const file of ['ca.crt', 'token']) {
		it(`${file} is missing › an error with its path`, async () => {
			rmSync(join(folder, file));
			const error: unknown = await credentialsAt('10.96.0.1').catch(({ message }: Error) => message);
			expect(error).to.include(join(folder, file));
		});
	}
});
