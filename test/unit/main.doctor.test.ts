/** `thv-scaling doctor` as a process, where there is no cluster that could be asked. */
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { issueCa, issueServing, type KeyPair } from '../../certs/issue.ts';
import { DOCTOR_OPTIONS } from '../../src/cli/flags.ts';
import { environmentName } from '../../src/cli/options.ts';
import { type Kubeconfig, writeKubeconfig } from '../harness/kubeconfig.ts';
import { startProgram } from '../harness/program.ts';

describe('thv-scaling doctor, without a cluster,', function () {
	this.timeout(60_000);
	let authority: KeyPair;
	let kubeconfig: Kubeconfig;
	before(async () => {
		authority = await issueCa();
		kubeconfig = writeKubeconfig('https://127.0.0.1:1', authority.cert);
	});
	after(() => kubeconfig.remove());

	async function refuses(message: string, args: readonly string[], env: Record<string, string> = {}): Promise<void> {
		const { code, stdout, stderr } = await startProgram(['doctor', ...args], env).ended;
		expect({ code, stdout }).to.deep.equal({ code: 2, stdout: '' });
		expect(stderr).to.match(/^thv-scaling: [^\n]+\n$/);
		expect(stderr).to.include(message);
	}

	it('--help lists every option', async () => {
		const { code, stdout } = await startProgram(['doctor', '--help']).ended;
		expect(code).to.equal(0);
		for (const flag of Object.keys(DOCTOR_OPTIONS))
			expect(stdout).to.include(`--${flag}`).and.include(environmentName(flag));
	});
	it('names server and kubeconfig, by flag', () =>
		refuses(
			`cannot ask the cluster (server https://127.0.0.1:1, kubeconfig ${kubeconfig.path}): connect ECONNREFUSED`,
			[...['--kubeconfig', kubeconfig.path]],
		));
	it('names server and kubeconfig, by variable', () =>
		refuses(`cannot ask the cluster (server https://127.0.0.1:1, kubeconfig ${kubeconfig.path}): `, [], {
			KUBECONFIG: kubeconfig.path,
		}));
	it('a kubeconfig that is not there', () =>
		refuses('kubeconfig /tmp/nowhere cannot be used: ', ['--kubeconfig=/tmp/nowhere']));
	it('a context that is not in it', () =>
		refuses(`kubeconfig ${kubeconfig.path} cannot be used: no context "two" in ${kubeconfig.path}; contexts: "one"`, [
			...['--kubeconfig', kubeconfig.path, '--context', 'two'],
		]));
	it('the context decides which server', async () => {
		const cluster = (name: string, port: number) => ({ name, cluster: { server: `https://127.0.0.1:${port}` } });
		const context = (name: string) => ({ name, context: { cluster: name, user: name } });
		const both = writeKubeconfig('', '');
		const names = ['one', 'two'];
		const config = {
			'current-context': 'one',
			clusters: [cluster('one', 1), cluster('two', 2)],
			contexts: names.map(context),
			users: names.map((name) => ({ name, user: { token: 't' } })),
		};
		writeFileSync(both.path, JSON.stringify(config));
		await refuses('server https://127.0.0.1:2,', ['--kubeconfig', both.path, '--context=two']);
		both.remove();
	});
	it('an output that there is not', () =>
		refuses('--output is "yaml"; allowed: text or json', ['--output=yaml', '--kubeconfig', kubeconfig.path]));
	it('a namespace that cannot be', () =>
		refuses('--namespace is "../x"; no namespace can be', ['-n', '../x', '--kubeconfig', kubeconfig.path]));

	for (const { what, status, body, says } of [
		{
			what: 'something that is no API server',
			status: 200,
			body: '<html>hello',
			says: 'it does not answer as an API server does',
		},
		{
			what: 'an API server that knows nobody by that name',
			status: 401,
			body: '{"message":"Unauthorized"}',
			says: 'Unauthorized',
		},
	]) {
		it(what, async () => {
			const serving = await issueServing(authority);
			const server = createServer(serving, (_request, response) => response.writeHead(status).end(body));
			await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
			const { port } = server.address() as AddressInfo;
			const config = writeKubeconfig(`https://127.0.0.1:${port}`, authority.cert);
			await refuses(says, ['--kubeconfig', config.path]);
			config.remove();
			server.close();
		});
	}
});
