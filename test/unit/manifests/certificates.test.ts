/** certs/: what is issued holds in a real TLS handshake, and the command does what its help says. */
import { spawnSync } from 'node:child_process';
import { createPublicKey, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { type AddressInfo, isIP } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createServer } from 'node:tls';
import { expect } from 'chai';
import { after, before } from 'mocha';
import { DEFAULT_HOSTS, IssueError, issueCa, issueServing, type KeyPair } from '../../../certs/issue.ts';
import { mutating, ROOT } from '../../harness/manifest-files.ts';

const DAY_MS = 86_400_000;

/** Why a client that trusts `ca` and asks for `host` refuses the server; undefined when it does not. */
async function refusal(serving: KeyPair, ca: string, host: string): Promise<string | undefined> {
	const server = createServer({ cert: serving.cert, key: serving.key }).listen(0, '127.0.0.1');
	await once(server, 'listening');
	const { port } = server.address() as AddressInfo;
	try {
		return await new Promise((resolve) => {
			const client = connect({ port, host: '127.0.0.1', ca, ...(isIP(host) === 0 ? { servername: host } : {}) }, () => {
				client.end();
				resolve(undefined);
			});
			client.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
		});
	} finally {
		server.close();
	}
}

describe('certs: what is issued', () => {
	let authority: KeyPair;
	let serving: KeyPair;
	before(async () => {
		authority = await issueCa();
		serving = await issueServing(authority);
	});
	const daysOf = ({ cert }: KeyPair): number =>
		Math.round((new X509Certificate(cert).validToDate.getTime() - Date.now()) / DAY_MS);

	it('is trusted for the name under which the API server calls', async () => {
		for (const { clientConfig } of mutating()) {
			const { name, namespace } = clientConfig.service;
			expect(await refusal(serving, authority.cert, `${name}.${namespace}.svc`)).to.equal(undefined);
		}
	});
	it('is trusted on this machine, by name and address', async () => {
		expect(await refusal(serving, authority.cert, 'localhost')).to.equal(undefined);
		expect(await refusal(serving, authority.cert, '127.0.0.1')).to.equal(undefined);
		expect(new X509Certificate(serving.cert).checkIP('::1')).to.equal('::1');
	});
	it('is refused for another name', async () => {
		expect(await refusal(serving, authority.cert, 'example.com')).to.equal('ERR_TLS_CERT_ALTNAME_INVALID');
	});
	it('is refused under another authority of the same name', async () => {
		const other = await issueCa();
		expect(await refusal(serving, other.cert, 'localhost')).to.be.a('string');
		expect(await refusal(serving, `${other.cert}${authority.cert}`, 'localhost')).to.equal(undefined);
	});
	it('is refused when it has ended, and before it begins', async () => {
		const old = await issueServing(authority, { days: 1, now: new Date(Date.now() - 2 * DAY_MS) });
		expect(await refusal(old, authority.cert, 'localhost')).to.equal('CERT_HAS_EXPIRED');
		const early = await issueServing(authority, { days: 1, now: new Date(Date.now() + 2 * DAY_MS) });
		expect(await refusal(early, authority.cert, 'localhost')).to.equal('CERT_NOT_YET_VALID');
	});
	it('is P-256, the authority for five years, the certificate for ninety days', () => {
		for (const { cert } of [authority, serving]) {
			expect(createPublicKey(cert).asymmetricKeyDetails).to.deep.equal({ namedCurve: 'prime256v1' });
		}
		expect(daysOf(authority)).to.equal(5 * 365);
		expect(daysOf(serving)).to.equal(90);
	});
	it('cannot sign others', () => {
		expect(new X509Certificate(authority.cert).ca).to.equal(true);
		expect(new X509Certificate(serving.cert).ca).to.equal(false);
	});
	it('never outlives its authority', async () => {
		const short = await issueCa({ days: 10 });
		const { error } = await issueServing(short).then(
			() => ({ error: undefined }),
			(thrown: unknown) => ({ error: thrown }),
		);
		expect(error).to.be.instanceOf(IssueError).with.property('message').that.includes('ends on');
	});
	it('needs the key that belongs to the authority', async () => {
		const other = await issueCa();
		const { error } = await issueServing({ cert: authority.cert, key: other.key }).then(
			() => ({ error: undefined }),
			(thrown: unknown) => ({ error: thrown }),
		);
		expect(error).to.be.instanceOf(IssueError);
	});
});

describe('certs: node certs/make.ts', () => {
	const parent = mkdtempSync(join(tmpdir(), 'toolhive-scaling-certs-'));
	after(() => rmSync(parent, { recursive: true, force: true }));
	const run = (...args: string[]): { status: number | null; stdout: string; stderr: string } =>
		spawnSync(process.execPath, [join(ROOT, 'certs/make.ts'), ...args], { encoding: 'utf8', cwd: parent });
	const read = (folder: string, file: string): string => readFileSync(join(parent, folder, file), 'utf8');

	it('makes everything, keys for the owner only, nothing half written, nothing for git', () => {
		expect(run('--out', 'new')).to.include({ status: 0, stderr: '' });
		const files = ['ca.crt', 'ca.key', 'tls.crt', 'tls.key', 'secret.yaml', 'kustomization.yaml', '.gitignore'];
		expect(readdirSync(join(parent, 'new'))).to.have.members(files);
		for (const file of ['ca.key', 'tls.key', 'secret.yaml']) {
			expect(statSync(join(parent, 'new', file)).mode & 0o777, file).to.equal(0o600);
		}
		expect(read('new', '.gitignore')).to.equal('*\n');
		expect(read('new', 'secret.yaml')).not.to.include(Buffer.from(read('new', 'ca.key')).toString('base64'));
	});
	it('run again, keeps the authority and the overlay, and renews the certificate', () => {
		run('--out', 'again', '--days', '1');
		writeFileSync(join(parent, 'again', 'kustomization.yaml'), 'mine\n');
		const [authority, former] = [read('again', 'ca.crt'), read('again', 'tls.crt')];
		expect(run('--out', 'again').stdout).to.include('reused');
		expect(read('again', 'ca.crt')).to.equal(authority);
		expect(read('again', 'tls.crt')).not.to.equal(former);
		expect(read('again', 'kustomization.yaml')).to.equal('mine\n');
	});
	it('--new-ca trusts the former authority too, and doing it again drops it', async () => {
		run('--out', 'change');
		const first = read('change', 'ca.crt');
		const former = { cert: read('change', 'tls.crt'), key: read('change', 'tls.key') };
		run('--out', 'change', '--new-ca');
		const serving = { cert: read('change', 'tls.crt'), key: read('change', 'tls.key') };
		expect(await refusal(former, read('change', 'ca.crt'), 'localhost')).to.equal(undefined);
		expect(await refusal(serving, read('change', 'ca.crt'), 'localhost')).to.equal(undefined);
		expect(await refusal(serving, first, 'localhost')).to.be.a('string');
		run('--out', 'change', '--new-ca');
		expect(await refusal(former, read('change', 'ca.crt'), 'localhost')).to.be.a('string');
	});
	it('--host adds names and addresses', () => {
		run('--out', 'hosts', '--host', 'webhook.example.com', '--host', '192.0.2.7');
		const names = new X509Certificate(read('hosts', 'tls.crt')).subjectAltName ?? '';
		for (const host of ['webhook.example.com', '192.0.2.7', ...DEFAULT_HOSTS.filter((one) => one !== '::1')])
			expect(names).to.include(host);
	});
	it('--help tells how, and makes nothing', () => {
		const { status, stdout } = run('--help', '--out', 'none');
		expect(status).to.equal(0);
		for (const flag of ['--out', '--host', '--days', '--base', '--new-ca']) expect(stdout).to.include(flag);
		expect(readdirSync(parent)).not.to.include('none');
	});
	for (const [args, named] of [
		[['--foo'], '--foo'],
		[['extra'], 'extra'],
		[['--days', '0'], '--days'],
		[['--days', '1.5'], '--days'],
		[['--days', '99999'], '--days'],
		[['--host', 'a b'], '--host'],
		[['--out'], '--out'],
		[['--base', 'nowhere'], '--base'],
	] as const) {
		it(`${args.join(' ')}: one line that names it, exit 2`, () => {
			const { status, stdout, stderr } = run(...args);
			expect({ status, stdout, lines: stderr.split('\n').length }).to.deep.equal({ status: 2, stdout: '', lines: 2 });
			expect(stderr).to.include(named);
		});
	}
	it('a folder that cannot be made: one line, exit 1', () => {
		writeFileSync(join(parent, 'file'), '');
		const { status, stderr } = run('--out', 'file');
		expect(status).to.equal(1);
		expect(stderr.split('\n')).to.have.length(2);
	});
});
