/** Tests the help, and the errors after wrong usage: one line, and exit code 2. */
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { issueCa, issueServing } from '../../certs/issue.ts';
import { SERVE_OPTIONS } from '../../src/cli/flags.ts';
import { readOptions, UsageError } from '../../src/cli/options.ts';
import { run as runCommand } from '../../src/cli/program.ts';
import { serve } from '../../src/server/serve.ts';
import { type Kubeconfig, writeKubeconfig } from '../harness/kubeconfig.ts';
import { type Ended, startProgram } from '../harness/program.ts';
import { createSecretVolume, type SecretVolume } from '../harness/secret-volume.ts';
import { createTerminal } from '../harness/terminal.ts';

const run = (...args: string[]): Promise<Ended> => startProgram(args).ended;
const NOWHERE = '/tmp/thv-scaling-nowhere';

describe('thv-scaling', function () {
	this.timeout(60_000);
	let volume: SecretVolume;
	let kubeconfig: Kubeconfig;
	before(async () => {
		const issuer = await issueCa();
		volume = createSecretVolume(await issueServing(issuer));
		kubeconfig = writeKubeconfig('https://127.0.0.1:1', issuer.cert);
	});
	after(() => {
		volume.remove();
		kubeconfig.remove();
	});

	it('no arguments, help, --help, -h › the usage', async () => {
		for (const { code, stdout, stderr } of await Promise.all([run(), run('help'), run('--help'), run('-h')])) {
			expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' });
			expect(stdout).to.match(/^Usage: thv-scaling .+^ {2}serve \[options\] /ms);
		}
	});

	it('help of an unknown command › the commands, and the error', async () => {
		const { code, stderr } = await run('help', 'bogus');
		expect(code).to.equal(2);
		expect(stderr).to.match(/^ {2}review .*\n(.*\n)*thv-scaling: unknown command\n$/m);
	});

	it('serve › a port is taken › the flag, and why it cannot be used', async () => {
		const taken = createServer().listen(0);
		await once(taken, 'listening');
		const { port } = taken.address() as AddressInfo;
		const needed = ['serve', `--tls-dir=${volume.folder}`, `--kubeconfig=${kubeconfig.path}`];
		for (const flag of ['--webhook-port', '--metrics-port']) {
			const { code, stderr } = await run(...needed, '--webhook-port=0', '--metrics-port=0', `${flag}=${port}`);
			expect(code).to.equal(2);
			expect(stderr).to.match(new RegExp(`^thv-scaling: ${flag} cannot be used: .*EADDRINUSE.*${port}\n$`));
		}
		taken.close();
	});

	for (const [args, message] of [
		[['swerve'], "unknown command 'swerve' (Did you mean serve?)"],
		[['doctor', '-n', '../x'], '--namespace is "../x"; allowed: the name of a namespace'],
		[['serve', '--webhook-port=https'], '--webhook-port is "https"; allowed: a whole number from 0 to 65535'],
	] as const) {
		it(`${args.join(' ')} › one line on stderr, and 2`, async () =>
			expect(await run(...args)).to.deep.equal({ code: 2, stdout: '', stderr: `thv-scaling: ${message}\n` }));
	}

	/** Returns the message of the UsageError with which the promise rejects. */
	const refusalOf = async (promise: Promise<unknown>): Promise<string> => {
		const error: unknown = await promise.catch((reason) => reason);
		expect(error).to.be.instanceOf(UsageError);
		return (error as Error).message;
	};
	for (const [title, args, message] of [
		['no --tls-dir', () => [], /^--tls-dir is missing/],
		['no such folder', () => [`--tls-dir=${NOWHERE}`], /^--tls-dir .*nowhere cannot be used: ENOENT.*tls\.(crt|key)/],
		[
			'no such kubeconfig',
			() => [`--tls-dir=${volume.folder}`, `--kubeconfig=${NOWHERE}`],
			/^--kubeconfig cannot be used: .*ENOENT.*nowhere/,
		],
	] as const) {
		it(`serve › ${title} › refused`, async () => {
			const options = readOptions(SERVE_OPTIONS, [...args(), '--log-level=error'], {});
			const terminated = new Promise<string>(() => undefined);
			expect(await refusalOf(serve(options, { env: {}, terminated }))).to.match(message);
		});
	}

	const doctor = (args: readonly string[], env: Record<string, string> = {}): Promise<string> =>
		refusalOf(runCommand(['doctor', ...args], createTerminal('', env)));

	it('doctor › the API server is down › server and kubeconfig, which a flag or a variable names', async () => {
		const message = `cannot reach the API server (server https://127.0.0.1:1, kubeconfig ${kubeconfig.path}): connect ECONNREFUSED`;
		expect(await doctor(['--kubeconfig', kubeconfig.path])).to.include(message);
		expect(await doctor([], { KUBECONFIG: kubeconfig.path })).to.include(message);
	});

	it('doctor › --context › the server of that context; an unknown context › the existing contexts', async () => {
		const named = ['one', 'two'].map((name, index) => ({ name, server: `https://127.0.0.1:${index + 1}` }));
		const config = {
			'current-context': 'one',
			clusters: named.map(({ name, server }) => ({ name, cluster: { server } })),
			contexts: named.map(({ name }) => ({ name, context: { cluster: name, user: name } })),
			users: named.map(({ name }) => ({ name, user: { token: 't' } })),
		};
		const { path, remove } = writeKubeconfig('', '');
		writeFileSync(path, JSON.stringify(config));
		expect(await doctor(['--kubeconfig', path, '--context=two'])).to.include('server https://127.0.0.1:2,');
		const message = `kubeconfig ${path} cannot be used: no context "three" in ${path}; contexts: "one", "two"`;
		expect(await doctor(['--kubeconfig', path, '--context=three'])).to.equal(message);
		remove();
	});

	for (const [title, status, body, message] of [
		['not an API server', 200, '<html>hello', 'the response does not come from a Kubernetes API server'],
		['an API server that rejects the token', 401, '{"message":"Unauthorized"}', 'Unauthorized'],
	] as const) {
		it(`doctor › ${title} › refused`, async () => {
			const server = createHttpServer((_request, response) => response.writeHead(status).end(body));
			await once(server.listen(0, '127.0.0.1'), 'listening');
			const { path, remove } = writeKubeconfig(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, '');
			expect(await doctor(['--kubeconfig', path])).to.include(message);
			remove();
			server.close();
		});
	}
});
