import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { issueCa, issueServing, type KeyPair } from '../../certs/issue.ts';
import { SERVE_OPTIONS } from '../../src/cli/flags.ts';
import { environmentName } from '../../src/cli/options.ts';
import { type Kubeconfig, writeKubeconfig } from '../harness/kubeconfig.ts';
import { type Ended, startProgram } from '../harness/program.ts';
import { createSecretVolume, type SecretVolume } from '../harness/secret-volume.ts';

const run = (args: readonly string[], env: Record<string, string> = {}): Promise<Ended> =>
	startProgram(args, env).ended;

describe('thv-scaling', function () {
	this.timeout(60_000);

	for (const args of [[], ['help'], ['--help'], ['-h']]) {
		it(`${args.join(' ') || 'without arguments'} tells how it is used`, async () => {
			const { code, stdout, stderr } = await run(args);
			expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' });
			expect(stdout).to.match(/^Usage: thv-scaling .+^ {2}serve \[options\] /ms);
		});
	}

	it('refuses a command that it does not have', async () => {
		const { code, stdout, stderr } = await run(['swerve']);
		expect({ code, stdout }).to.deep.equal({ code: 2, stdout: '' });
		expect(stderr).to.equal("thv-scaling: unknown command 'swerve' (Did you mean serve?)\n");
	});

	it('help › an unknown command › the commands, and the error', async () => {
		const { code, stderr } = await run(['help', 'bogus']);
		expect(code).to.equal(2);
		expect(stderr).to.match(/^ {2}review .*\n(.*\n)*thv-scaling: unknown command\n$/m);
	});

	it('serve --help lists every option', async () => {
		const { code, stdout, stderr } = await run(['serve', '--help']);
		expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' });
		for (const flag of Object.keys(SERVE_OPTIONS)) {
			expect(stdout).to.contain(`--${flag}`).and.to.contain(environmentName(flag));
		}
	});
});

describe('thv-scaling serve, used wrongly,', function () {
	this.timeout(60_000);
	let authority: KeyPair;
	let volume: SecretVolume;
	let kubeconfig: Kubeconfig;
	before(async () => {
		authority = await issueCa();
		volume = createSecretVolume(await issueServing(authority));
		kubeconfig = writeKubeconfig('https://127.0.0.1:1', authority.cert);
	});
	after(() => {
		volume.remove();
		kubeconfig.remove();
	});

	/** Everything that is needed, on free ports. */
	const needed = (): string[] => [
		...['--tls-dir', volume.folder, '--kubeconfig', kubeconfig.path],
		...['--webhook-port', '0', '--metrics-port', '0'],
	];
	async function refuses(
		message: RegExp | string,
		args: readonly string[],
		env: Record<string, string> = {},
	): Promise<void> {
		const { code, stderr } = await run(['serve', ...args], env);
		expect(stderr).to.match(/^thv-scaling: [^\n]+\n$/);
		if (typeof message === 'string') expect(stderr).to.contain(message);
		else expect(stderr).to.match(message);
		expect(code).to.equal(2);
	}

	it('names a flag and what is allowed', () =>
		refuses('--webhook-port is "https"; allowed: a whole number from 0 to 65535', [
			...needed(),
			'--webhook-port',
			'https',
		]));
	it('names a variable and what is allowed', () =>
		refuses('THV_SCALING_DRAIN_SECONDS is "10s"; allowed: a whole number from 0 to 3600', needed(), {
			THV_SCALING_DRAIN_SECONDS: '10s',
		}));
	it('names a flag that it does not have', () => refuses("'--webhook-prot'", [...needed(), '--webhook-prot', '1']));
	it('names an argument that it does not take', () => refuses(': extra.', [...needed(), 'extra']));
	it('says that --tls-dir is missing', () => refuses('--tls-dir is missing', needed().slice(2)));
	it('says that the certificate folder is not there', () =>
		refuses(/--tls-dir .*nowhere cannot be used: ENOENT.*tls\.crt/, [
			'--tls-dir',
			'/tmp/nowhere',
			...needed().slice(2),
		]));
	it('says that certificate and key do not belong together', async () => {
		const [one, two] = [await issueServing(authority), await issueServing(authority)];
		const mixed = createSecretVolume({ cert: one.cert, key: two.key });
		await refuses(/--tls-dir .* cannot be used: .*key values mismatch/, [
			'--tls-dir',
			mixed.folder,
			...needed().slice(2),
		]);
		mixed.remove();
	});
	it('says that a certificate is none', async () => {
		const spoilt = createSecretVolume(await issueServing(authority));
		rmSync(join(spoilt.folder, 'tls.crt'));
		writeFileSync(join(spoilt.folder, 'tls.crt'), 'hello');
		await refuses(/--tls-dir .* cannot be used: .*PEM/, ['--tls-dir', spoilt.folder, ...needed().slice(2)]);
		spoilt.remove();
	});
	it('says that the kubeconfig is not there', () =>
		refuses(/--kubeconfig cannot be used: .*ENOENT.*nowhere/, [...needed(), '--kubeconfig', '/tmp/nowhere']));
	for (const [what, text] of Object.entries({
		'no YAML': '{"a": [1,\n\n',
		empty: '',
		'without a cluster': 'kind: Config\n',
	})) {
		it(`says that the kubeconfig is ${what}`, async () => {
			const spoilt = writeKubeconfig('https://127.0.0.1:1', authority.cert);
			writeFileSync(spoilt.path, text);
			await refuses('--kubeconfig cannot be used: ', [...needed(), '--kubeconfig', spoilt.path]);
			spoilt.remove();
		});
	}
	for (const flag of ['--webhook-port', '--metrics-port']) {
		it(`says that the port of ${flag} is taken`, async () => {
			const taken = createServer().listen(0);
			await once(taken, 'listening');
			const { port } = taken.address() as AddressInfo;
			await refuses(new RegExp(`${flag} cannot be used: .*EADDRINUSE.*${port}`), [...needed(), flag, String(port)]);
			taken.close();
		});
	}
});
