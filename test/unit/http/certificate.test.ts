import { mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { afterEach, before, describe, it } from 'mocha';
import { issueCa, issueServing, type KeyPair } from '../../../certs/issue.ts';
import { type Certificate, readCertificate, watchCertificate } from '../../../src/http/certificate.ts';
import { createSecretVolume } from '../../harness/secret-volume.ts';
import { until } from '../../harness/until.ts';

/** Longer than any test: what is seen is seen by the watch. */
const NEVER_MS = 600_000;

describe('http certificate', () => {
	let authority: KeyPair;
	let first: KeyPair;
	let second: KeyPair;
	before(async () => {
		authority = await issueCa();
		first = await issueServing(authority, { days: 30 });
		second = await issueServing(authority, { days: 60 });
	});
	const endings: (() => void)[] = [];
	afterEach(() => {
		for (const end of endings.splice(0).reverse()) end();
	});

	const volumeOf = (pair: KeyPair): ReturnType<typeof createSecretVolume> => {
		const volume = createSecretVolume(pair);
		endings.push(volume.remove);
		return volume;
	};

	async function watching(folder: string, pollMs: number): Promise<{ changes: Certificate[]; troubles: string[] }> {
		const seen = { changes: [] as Certificate[], troubles: [] as string[] };
		const watch = watchCertificate({
			folder,
			pollMs,
			current: await readCertificate(folder),
			onChange: (certificate) => void seen.changes.push(certificate),
			onBroken: (error) => void seen.troubles.push(error.message),
		});
		endings.push(watch.stop);
		return seen;
	}

	it('is read with the moment it ends, in seconds', async () => {
		const certificate = await readCertificate(volumeOf(first).folder);
		expect(String(certificate.cert)).to.equal(first.cert);
		expect(String(certificate.key)).to.equal(first.key);
		expect(certificate.expirySeconds * 1000).to.be.closeTo(Date.now() + 30 * 86_400_000, 60_000);
	});

	const unusable: Readonly<Record<string, (folder: string) => void>> = {
		'a missing key': (folder) => rmSync(join(folder, 'tls.key')),
		'a missing certificate': (folder) => rmSync(join(folder, 'tls.crt')),
		'a certificate that is no PEM': (folder) => writeFileSync(join(folder, 'tls.crt'), 'hello'),
		'an empty certificate': (folder) => writeFileSync(join(folder, 'tls.crt'), ''),
		'a key that is no PEM': (folder) => writeFileSync(join(folder, 'tls.key'), 'hello'),
		'a key of another certificate': (folder) => writeFileSync(join(folder, 'tls.key'), second.key),
	};
	for (const [what, spoil] of Object.entries(unusable)) {
		it(`cannot be read with ${what}`, async () => {
			const { folder } = volumeOf(first);
			spoil(folder);
			const error: unknown = await readCertificate(folder).catch((reason) => reason);
			expect(error).to.be.instanceOf(Error);
			expect((error as Error).message).not.to.match(/\n|PRIVATE/);
		});
	}

	it('is seen when kubelet swaps it, every time', async () => {
		const volume = volumeOf(first);
		const { changes, troubles } = await watching(volume.folder, NEVER_MS);
		for (const [index, pair] of [second, first, second].entries()) {
			volume.swap(pair);
			await until(() => changes.length === index + 1);
			expect(String(changes[index]?.cert)).to.equal(pair.cert);
		}
		expect(troubles).to.deep.equal([]);
	});

	it('is seen when the files are overwritten in place', async () => {
		const { folder } = volumeOf(first);
		const { changes } = await watching(folder, 50);
		writeFileSync(join(folder, 'tls.crt'), second.cert);
		writeFileSync(join(folder, 'tls.key'), second.key);
		await until(() => changes.length === 1);
		expect(String(changes[0]?.key)).to.equal(second.key);
	});

	it('is seen where a watch is blind: the folder itself is exchanged', async () => {
		const parent = mkdtempSync(join(tmpdir(), 'linked-'));
		endings.push(() => rmSync(parent, { recursive: true }));
		const [former, latter] = [volumeOf(first).folder, volumeOf(second).folder];
		symlinkSync(former, join(parent, 'tls'));
		const { changes } = await watching(join(parent, 'tls'), 50);
		symlinkSync(latter, join(parent, 'new'));
		renameSync(join(parent, 'new'), join(parent, 'tls'));
		await until(() => changes.length === 1);
		expect(String(changes[0]?.cert)).to.equal(second.cert);
	});

	it('is told once while it is broken, and taken when it is mended', async () => {
		const volume = volumeOf(first);
		const { changes, troubles } = await watching(volume.folder, 20);
		volume.swap({ cert: second.cert, key: first.key });
		await until(() => troubles.length > 0);
		await sleep(200);
		expect(troubles).to.have.length(1);
		expect(troubles[0]).to.contain('key values mismatch');
		expect(changes).to.deep.equal([]);
		volume.swap(second);
		await until(() => changes.length === 1);
		volume.swap({ cert: first.cert, key: second.key });
		await until(() => troubles.length === 2);
	});

	it('is not told where nothing changed', async () => {
		const volume = volumeOf(first);
		const { changes, troubles } = await watching(volume.folder, 20);
		volume.swap(first);
		await sleep(200);
		expect({ changes, troubles }).to.deep.equal({ changes: [], troubles: [] });
	});

	it('is not looked at any more after stop', async () => {
		const volume = volumeOf(first);
		const { changes } = await watching(volume.folder, 20);
		endings.pop()?.();
		volume.swap(second);
		await sleep(200);
		expect(changes).to.deep.equal([]);
	});
});
