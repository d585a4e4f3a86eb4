/** certs/: clients trust in a TLS handshake what is issued, and the command does what its help says. */
import { spawnSync } from 'node:child_process';
import { createPublicKey, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { type AddressInfo, isIP } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createServer } from 'node:tls';
import { expect } from 'chai';
import { DEFAULT_HOSTS, IssueError, issueCa, issueServing, type KeyPair } from '../../../certs/issue.ts';
import { mutating, ROOT } from '../../harness/manifest-files.ts';

const DAY_MS = 86_400_000;
const inDays = (days: number) => ({ days: 1, now: new Date(Date.now() + days * DAY_MS) });

/** Why a client that trusts `ca` and connects to `host` rejects the server, undefined if it does not. */
async function refusal({ cert, key }: KeyPair, ca: string, host: string): Promise<string | undefined> {
	const server = createServer({ cert, key }).listen(0, '127.0.0.1');
	await once(server, 'listening');
	const { port } = server.address() as AddressInfo;
	try {
		return await new Promise((resolve) => {
			const client = connect({ port, host: '127.0.0.1', ca, ...(isIP(host) === 0 && { servername: host }) }, () => {
				client.end();
				resolve(undefined);
			});
			client.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
		});
	} finally {
		server.close();
	}
}

const authority = await issueCa();
const other = await issueCa();
const serving = await issueServing(authority);
const expired = await issueServing(authority, inDays(-2));
const future = await issueServing(authority, inDays(2));
const shortCa = await issueCa({ days: 10 });
const { name, namespace } = mutating()[0]?.clientConfig.service ?? expect.fail('no webhook');

describe('certs: issue', () => {
	for (const [title, pair, ca, host, reason] of [
		['the name that the API server calls', serving, authority.cert, `${name}.${namespace}.svc`, undefined],
		['localhost', serving, authority.cert, 'localhost', undefined],
		['127.0.0.1', serving, authority.cert, '127.0.0.1', undefined],
		['two CAs of the same name', serving, `${other.cert}${authority.cert}`, 'localhost', undefined],
		['another CA of the same name', serving, other.cert, 'localhost', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
		['another host', serving, authority.cert, 'example.com', 'ERR_TLS_CERT_ALTNAME_INVALID'],
		['an expired one', expired, authority.cert, 'localhost', 'CERT_HAS_EXPIRED'],
		['a future one', future, authority.cert, 'localhost', 'CERT_NOT_YET_VALID'],
	] as const) {
		it(`a serving certificate › ${title} › ${reason ?? 'trusted'}`, async () => {
			expect(await refusal(pair, ca, host)).to.equal(reason);
		});
	}
	it('key, lifetime and use › P-256, five years and ninety days, only the CA can sign', () => {
		for (const [{ cert }, days, ca] of [
			[authority, 5 * 365, true],
			[serving, 90, false],
		] as const) {
			expect(createPublicKey(cert).asymmetricKeyDetails).to.deep.equal({ namedCurve: 'prime256v1' });
			const certificate = new X509Certificate(cert);
			expect(Math.round((certificate.validToDate.getTime() - Date.now()) / DAY_MS)).to.equal(days);
			expect(certificate.ca).to.equal(ca);
		}
		expect(new X509Certificate(serving.cert).checkIP('::1')).to.equal('::1');
	});
	for (const [title, ca, message] of [
		['a CA that expires earlier', shortCa, 'ends on'],
		['the key of another CA', { cert: authority.cert, key: other.key }, ''],
	] as const) {
		it(`issueServing › ${title} › IssueError`, async () => {
			const error: unknown = await issueServing(ca).catch((thrown) => thrown);
			expect(error).to.be.instanceOf(IssueError).with.property('message').that.includes(message);
		});
	}
});

describe('certs: node certs/make.ts', () => {
	const parent = mkdtempSync(join(tmpdir(), 'toolhive-scaling-certs-'));
	after(() => rmSync(parent, { recursive: true, force: true }));
	const run = (...args: string[]) =>
		spawnSync(process.execPath, [join(ROOT, 'certs/make.ts'), ...args], { encoding: 'utf8', cwd: parent });
	const read = (folder: string, file: string): string => readFileSync(join(parent, folder, file), 'utf8');
	const tls = (folder: string): KeyPair => ({ cert: read(folder, 'tls.crt'), key: read(folder, 'tls.key') });

	it('a new folder › every file, keys only for the owner, nothing for git, no CA key in the Secret', () => {
		expect(run('--out', 'new')).to.include({ status: 0, stderr: '' });
		const files = ['ca.crt', 'ca.key', 'tls.crt', 'tls.key', 'secret.yaml', 'kustomization.yaml', '.gitignore'];
		expect(readdirSync(join(parent, 'new'))).to.have.members(files);
		for (const file of ['ca.key', 'tls.key', 'secret.yaml'])
			expect(statSync(join(parent, 'new', file)).mode & 0o777, file).to.equal(0o600);
		expect(read('new', '.gitignore')).to.equal('*\n');
		expect(read('new', 'secret.yaml')).not.to.include(Buffer.from(read('new', 'ca.key')).toString('base64'));
	});
	it('the same folder › keeps CA and overlay; --new-ca trusts the previous CA too, and drops it the next time', async () => {
		run('--out', 'again', '--days', '1');
		writeFileSync(join(parent, 'again', 'kustomization.yaml'), 'mine\n');
		const [ca, former] = [read('again', 'ca.crt'), tls('again')];
		expect(run('--out', 'again').stdout).to.include('used again');
		expect(read('again', 'ca.crt')).to.equal(ca);
		expect(tls('again').cert).not.to.equal(former.cert);
		run('--out', 'again', '--new-ca');
		expect(await refusal(former, read('again', 'ca.crt'), 'localhost')).to.equal(undefined);
		expect(await refusal(tls('again'), read('again', 'ca.crt'), 'localhost')).to.equal(undefined);
		expect(await refusal(tls('again'), ca, 'localhost')).to.be.a('string');
		run('--out', 'again', '--new-ca');
		expect(await refusal(former, read('again', 'ca.crt'), 'localhost')).to.be.a('string');
		expect(read('again', 'kustomization.yaml')).to.equal('mine\n');
	});
	it('--host › adds names and addresses', () => {
		run('--out', 'hosts', '--host', 'webhook.example.com', '--host', '192.0.2.7');
		const hosts = new X509Certificate(read('hosts', 'tls.crt')).subjectAltName ?? '';
		for (const host of ['webhook.example.com', '192.0.2.7', ...DEFAULT_HOSTS.filter((one) => one !== '::1')])
			expect(hosts).to.include(host);
	});
	it('--help › every flag, and no files', () => {
		const { status, stdout } = run('--help', '--out', 'none');
		expect(status).to.equal(0);
		for (const flag of ['--out', '--host', '--days', '--base', '--new-ca']) expect(stdout).to.include(flag);
		expect(readdirSync(parent)).not.to.include('none');
	});
	writeFileSync(join(parent, 'file'), '');
	for (const [args, mention, code] of [
		['--foo', '--foo', 2],
		['extra', 'extra', 2],
		['--days 0', '--days', 2],
		['--days 1.5', '--days', 2],
		['--days 99999', '--days', 2],
		['--host a/b', '--host', 2],
		['--out', '--out', 2],
		['--base nowhere', '--base', 2],
		['--out file', 'file', 1],
	] as const) {
		it(`${args} › one line that names it, exit code ${code}`, () => {
			const { status, stdout, stderr } = run(...args.split(' '));
			expect({ status, stdout, lines: stderr.split('\n').length }).to.deep.equal({
				status: code,
				stdout: '',
				lines: 2,
			});
			expect(stderr).to.include(mention);
		});
	}
});
