/** Tests the help, and the errors after wrong usage: one line, and exit code 2. */
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { issueCa, issueServing, type KeyPair } from '../../certs/issue.ts';
import { DOCTOR_OPTIONS, SERVE_OPTIONS } from '../../src/cli/flags.ts';
import { environmentName, readOptions, UsageError } from '../../src/cli/options.ts';
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
	let issuer: KeyPair;
	let volume: SecretVolume;
	let kubeconfig: Kubeconfig;
	before(async () => {
		issuer = await issueCa();
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

	for (const [command, options] of [
		['serve', SERVE_OPTIONS],
		['doctor', DOCTOR_OPTIONS],
	] as const) {
		it(`${command} --help › every option with its variable`, async () => {
			const { code, stdout, stderr } = await run(command, '--help');
			expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' });
			for (const flag of Object.keys(options))
				expect(stdout).to.contain(`--${flag}`).and.to.contain(environmentName(flag));
		});
	}

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
		[['serve', '--webhook-port=https'], '--webhook-port is "https"; allowed: a whole number from 0 to 65535'],
		[['doctor', '--output=yaml'], '--output is "yaml"; allowed: text or json'],
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
	const write = (text: string): string => {
		const { path } = writeKubeconfig('', '');
		writeFileSync(path, text);
		return path;
	};

	for (const [title, args, message] of [
		['no --tls-dir', () => [], /^--tls-dir is missing/],
		['no such folder', () => [`--tls-dir=${NOWHERE}`], /^--tls-dir .*nowhere cannot be used: ENOENT.*tls\.(crt|key)/],
		['certificate and key do not match', mismatch, /^--tls-dir .* cannot be used: .*key values mismatch/],
		['a certificate that is not PEM', notPem, /^--tls-dir .* cannot be used: .*PEM/],
		['no such kubeconfig', () => withKubeconfig(NOWHERE), /^--kubeconfig cannot be used: .*ENOENT.*nowhere/],
	] as const) {
		it(`serve › ${title} › refused`, async () => {
			const options = readOptions(SERVE_OPTIONS, [...(await args()), '--log-level=error'], {});
			const terminated = new Promise<string>(() => undefined);
			expect(await refusalOf(serve(options, { env: {}, terminated }))).to.match(message);
		});
	}
	function withKubeconfig(path: string): string[] {
		return [`--tls-dir=${volume.folder}`, `--kubeconfig=${path}`];
	}
	async function mismatch(): Promise<string[]> {
		const { cert } = await issueServing(issuer);
		return [`--tls-dir=${createSecretVolume({ cert, key: issuer.key }).folder}`];
	}
	async function notPem(): Promise<string[]> {
		const { folder } = createSecretVolume(await issueServing(issuer));
		rmSync(join(folder, 'tls.crt'));
		writeFileSync(join(folder, 'tls.crt'), 'hello');
		return [`--tls-dir=${folder}`];
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
		const path = write(JSON.stringify(config));
		expect(await doctor(['--kubeconfig', path, '--context=two'])).to.include('server https://127.0.0.1:2,');
		const message = `kubeconfig ${path} cannot be used: no context "three" in ${path}; contexts: "one", "two"`;
		expect(await doctor(['--kubeconfig', path, '--context=three'])).to.equal(message);
	});

	for (const [args, message] of [
		[[`--kubeconfig=${NOWHERE}`], `kubeconfig ${NOWHERE} cannot be used: `],
		[['-n', '../x'], '--namespace is "../x"; allowed: the name of a namespace'],
	] as const) {
		it(`doctor ${args.join(' ')} › refused`, async () => expect(await doctor(args)).to.include(message));
	}

	for (const [title, status, body, message] of [
		['not an API server', 200, '<html>hello', 'the response does not come from a Kubernetes API server'],
		['an API server that rejects the token', 401, '{"message":"Unauthorized"}', 'Unauthorized'],
	] as const) {
		it(`doctor › ${title} › refused`, async () => {
			const serving = await issueServing(issuer);
			const server = createHttpsServer(serving, (_request, response) => response.writeHead(status).end(body));
			await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
			const { path, remove } = writeKubeconfig(
				`https://127.0.0.1:${(server.address() as AddressInfo).port}`,
				issuer.cert,
			);
			expect(await doctor(['--kubeconfig', path])).to.include(message);
			remove();
			server.close();
		});
	}
});
