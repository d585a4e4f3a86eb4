/** Tests certs/: issued certificates are valid for the webhook, and the command behaves as its help describes. */
import { spawnSync } from 'node:child_process';
import { createPublicKey, X509Certificate } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { DEFAULT_HOSTS, IssueError, issueCa, issueServing, type KeyPair } from '../../../certs/issue.ts';
import { servingCertificateIn } from '../../../src/certificates/secret-data.ts';
import { mutating, ROOT } from '../../harness/manifest-files.ts';

const DAY_MS = 86_400_000;
const { name, namespace } = mutating()[0]?.clientConfig.service ?? expect.fail('no webhook');

/** Whether a client that trusts the CAs in `ca` accepts `serving` under the Service's name and under localhost. */
function isTrusted({ cert, key }: KeyPair, ca: string): boolean {
	const data = { 'ca.crt': ca, 'tls.crt': cert, 'tls.key': key };
	return typeof servingCertificateIn(data, [`${name}.${namespace}.svc`, 'localhost'], Date.now()) === 'object';
}

describe('certs: issue', () => {
	let issuer: KeyPair;
	let other: KeyPair;
	before(async () => {
		[issuer, other] = [await issueCa(), await issueCa()];
	});

	it('a serving certificate › trusted with its CA, but not with another CA of the same name', async () => {
		const serving = await issueServing(issuer);
		const bundles = [issuer.cert, other.cert + issuer.cert, other.cert];
		expect(bundles.map((ca) => isTrusted(serving, ca))).to.deep.equal([true, true, false]);
	});
	it('key, lifetime and use › P-256, five years and ninety days, only the CA can sign', async () => {
		const serving = await issueServing(issuer);
		for (const [{ cert }, days, ca] of [
			[issuer, 5 * 365, true],
			[serving, 90, false],
		] as const) {
			expect(createPublicKey(cert).asymmetricKeyDetails).to.deep.equal({ namedCurve: 'prime256v1' });
			const certificate = new X509Certificate(cert);
			expect(Math.round((certificate.validToDate.getTime() - Date.now()) / DAY_MS)).to.equal(days);
			expect(certificate.ca).to.equal(ca);
		}
	});
	it('issueServing › a CA that expires earlier, or the key of another CA › IssueError', async () => {
		const failure = (ca: KeyPair): Promise<unknown> => issueServing(ca).catch((error) => error);
		const early = await failure(await issueCa({ days: 10 }));
		expect(early).to.be.instanceOf(IssueError).with.property('message').that.includes('expires on');
		expect(await failure({ cert: issuer.cert, key: other.key })).to.be.instanceOf(IssueError);
	});
});

describe('certs: node certs/make.ts', () => {
	const parent = mkdtempSync(join(tmpdir(), 'toolhive-scaling-certs-'));
	after(() => rmSync(parent, { recursive: true, force: true }));
	const run = (...args: string[]) =>
		spawnSync(process.execPath, [join(ROOT, 'certs/make.ts'), ...args], { encoding: 'utf8', cwd: parent });
	const read = (folder: string, file: string): string => readFileSync(join(parent, folder, file), 'utf8');
	const tls = (folder: string): KeyPair => ({ cert: read(folder, 'tls.crt'), key: read(folder, 'tls.key') });

	it('a new folder › every file, keys only for the owner, nothing for git, no CA key in the Secret, and the hosts of --host and the defaults', () => {
		expect(run('--out', 'new', '--host', 'webhook.example.com', '--host', '192.0.2.7')).to.include({
			status: 0,
			stderr: '',
		});
		const files = ['ca.crt', 'ca.key', 'tls.crt', 'tls.key', 'secret.yaml', 'kustomization.yaml', '.gitignore'];
		expect(readdirSync(join(parent, 'new'))).to.have.members(files);
		for (const file of ['ca.key', 'tls.key', 'secret.yaml'])
			expect(statSync(join(parent, 'new', file)).mode & 0o777, file).to.equal(0o600);
		expect(read('new', '.gitignore')).to.equal('*\n');
		const certificate = new X509Certificate(read('new', 'tls.crt'));
		for (const host of ['webhook.example.com', '192.0.2.7', ...DEFAULT_HOSTS])
			expect(isIP(host) ? certificate.checkIP(host) : certificate.checkHost(host), host).to.be.a('string');
		expect(read('new', 'secret.yaml')).not.to.include(Buffer.from(read('new', 'ca.key')).toString('base64'));
	});
	it('the same folder › keeps CA and overlay; --new-ca trusts the previous CA too, and drops it the next time', () => {
		run('--out', 'again', '--days', '1');
		writeFileSync(join(parent, 'again', 'kustomization.yaml'), 'mine\n');
		const [ca, former] = [read('again', 'ca.crt'), tls('again')];
		expect(run('--out', 'again').stdout).to.include('reused');
		expect(read('again', 'ca.crt')).to.equal(ca);
		expect(tls('again').cert).not.to.equal(former.cert);
		run('--out', 'again', '--new-ca');
		const both = read('again', 'ca.crt');
		const trusted = [isTrusted(former, both), isTrusted(tls('again'), both), isTrusted(tls('again'), ca)];
		expect(trusted).to.deep.equal([true, true, false]);
		run('--out', 'again', '--new-ca');
		expect(isTrusted(former, read('again', 'ca.crt'))).to.equal(false);
		expect(read('again', 'kustomization.yaml')).to.equal('mine\n');
	});
	writeFileSync(join(parent, 'file'), '');
	for (const [args, mention, code] of [
		['--foo', '--foo', 2],
		['--days 99999', '--days', 2],
		['--host a/b', '--host', 2],
		['--out file', 'file', 1],
	] as const) {
		it(`${args} › an error that names it, exit code ${code}`, () => {
			const { status, stdout, stderr } = run(...args.split(' '));
			expect({ status, stdout }).to.deep.equal({ status: code, stdout: '' });
			expect(stderr).to.include(mention);
		});
	}
});
