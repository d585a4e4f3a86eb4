import { mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { issueCa, issueServing, type KeyPair } from '../../../certs/issue.ts';
import { readCertificate, watchCertificate } from '../../../src/http/certificate.ts';
import { createSecretVolume, type SecretVolume } from '../../harness/secret-volume.ts';
import { until } from '../../harness/until.ts';

/** The interval is longer than any test, so that only the watch can detect a change. */
const NEVER_MS = 600_000;

describe('certificate in a folder', () => {
	let first: KeyPair;
	let second: KeyPair;
	let volume: SecretVolume;
	let stops: (() => void)[];
	before(async () => {
		const issuer = await issueCa();
		first = await issueServing(issuer, { days: 30 });
		second = await issueServing(issuer, { days: 60 });
	});
	beforeEach(() => {
		volume = createSecretVolume(first);
		stops = [volume.remove];
	});
	afterEach(() => {
		for (const stop of stops.toReversed()) stop();
	});

	/** Watches `folder`. `changes` has the certificates that are reported. */
	async function watching(pollMs: number, folder = volume.folder) {
		const seen = { changes: [] as string[], errors: [] as string[] };
		const { stop } = watchCertificate({
			...{ folder, pollMs, current: await readCertificate(folder) },
			onChange: ({ cert }) => void seen.changes.push(String(cert)),
			onBroken: ({ message }) => void seen.errors.push(message),
		});
		stops.push(stop);
		return { ...seen, stop };
	}

	it('both files › read › their content and the expiry in seconds', async () => {
		const { cert, key, expirySeconds } = await readCertificate(volume.folder);
		expect([String(cert), String(key)]).to.deep.equal([first.cert, first.key]);
		expect(expirySeconds * 1000).to.be.closeTo(Date.now() + 30 * 86_400_000, 60_000);
	});

	it('no certificate, none in PEM, or a key of another one › read › an error of one line without the key', async () => {
		for (const damage of [
			() => writeFileSync(join(volume.folder, 'tls.key'), second.key),
			() => writeFileSync(join(volume.folder, 'tls.crt'), 'hello'),
			() => rmSync(join(volume.folder, 'tls.crt')),
		]) {
			damage();
			const error: unknown = await readCertificate(volume.folder).catch((reason) => reason);
			expect(error).to.be.instanceOf(Error);
			expect((error as Error).message).not.to.match(/\n|PRIVATE/);
		}
	});

	it('watched › the kubelet swaps the files three times › each change is reported once', async () => {
		const { changes } = await watching(NEVER_MS);
		for (const [index, pair] of [second, first, second].entries()) {
			volume.swap(pair);
			await until(() => changes.length > index);
		}
		expect(changes).to.deep.equal([second.cert, first.cert, second.cert]);
	});

	it('watched › both files are overwritten in place › loaded', async () => {
		const folder = mkdtempSync(join(tmpdir(), 'certificate-'));
		stops.push(() => rmSync(folder, { recursive: true }));
		const write = ({ cert, key }: KeyPair): void => {
			writeFileSync(join(folder, 'tls.crt'), cert);
			writeFileSync(join(folder, 'tls.key'), key);
		};
		write(first);
		const { changes } = await watching(NEVER_MS, folder);
		write(second);
		await until(() => changes[0] === second.cert);
	});

	it('watched › the folder itself is replaced › found by polling', async () => {
		const parent = mkdtempSync(join(tmpdir(), 'linked-'));
		const other = createSecretVolume(second);
		stops.push(() => rmSync(parent, { recursive: true }), other.remove);
		symlinkSync(volume.folder, join(parent, 'tls'));
		const { changes } = await watching(50, join(parent, 'tls'));
		symlinkSync(other.folder, join(parent, 'new'));
		renameSync(join(parent, 'new'), join(parent, 'tls'));
		await until(() => changes[0] === second.cert);
	});

	it('watched › invalid, valid and invalid pairs › one error, a change, an error; stopped › no change', async () => {
		const { changes, errors, stop } = await watching(20);
		volume.swap({ cert: second.cert, key: first.key });
		await until(() => errors.length > 0);
		await sleep(200);
		expect(errors).to.have.length(1);
		expect(errors[0]).to.contain('key values mismatch');
		expect(changes).to.deep.equal([]);
		volume.swap(second);
		await until(() => changes.length === 1);
		volume.swap({ cert: first.cert, key: second.key });
		await until(() => errors.length > 1);
		stop();
		await sleep(100); // A read may be in progress.
		volume.swap(first);
		await sleep(200);
		expect(changes).to.have.length(1);
	});
});
