/**
 * Downloads the archive that controller-runtime's envtest uses. The archive contains etcd, kube-apiserver and kubectl
 * for one platform.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { EnvHttpProxyAgent, fetch } from 'undici';
import { withLock } from './lock.ts';

/**
 * Archives exist only for some patch releases, and v1.36.0 is the release nearest to the version in build.ts. The
 * checksums come from envtest-releases.yaml of controller-tools. The checksums are pinned here, because a checksum that
 * is downloaded together with the archive would not detect a replaced archive.
 */
export const ARCHIVE_VERSION = 'v1.36.0';
const RELEASES = 'https://github.com/kubernetes-sigs/controller-tools/releases/download';
const SHA512: Readonly<Record<string, string>> = {
	'linux-amd64':
		'302d6a4c3b7d79b8a6168cd9fd5f18e718048211d25012d969d320e06b39672d17338bcd008c29adf98b41048a6f7d80c90ab0165b4b861497ef74c7bc6c1531',
	'linux-arm64':
		'16b416776b6f5e6a13be33b7e9f248cbffb71b40bc286436c93b83239b965d07b902ce0da75b721aea9356a764ca896154bc420618bc7fb9d1dc4a6b2fa49405',
	'darwin-amd64':
		'2f73d7c2c1408c3334f978c2c7f8a64bc691277d1b482930ae516b425882464f8970b0e47010520cdd29f1e756adfab2721a53857a976a462c16edcef9604644',
	'darwin-arm64':
		'4b3542f707ffaa4bc0d5a07d25290323ff0ad1efd90560571705daf958db772fd8e78b5d6ae878df1840d8d39c1250ebfaf8518bfd02b10757ae445ec0cafe9e',
};

/** The timeout is short, because many networks drop such connections silently, and a build is the fallback. */
const CONNECT_TIMEOUT_MS = 4_000;
const DOWNLOAD_TIMEOUT_MS = 300_000;

/**
 * Downloads the archive, verifies its checksum and unpacks it. Creates `folder` only when all files are unpacked.
 * Several processes may call this function at the same time.
 */
export async function downloadPrograms(
	folder: string,
	say: (line: string) => void,
	releases = RELEASES,
): Promise<void> {
	const platform = `${process.platform}-${process.arch === 'x64' ? 'amd64' : process.arch}`;
	const expected = SHA512[platform];
	if (expected === undefined) throw new Error(`no archive for ${platform}`);
	await mkdir(dirname(folder), { recursive: true });
	await withLock(`${folder}.lock`, say, async () => {
		if (existsSync(folder)) return;
		const url = `${releases}/envtest-${ARCHIVE_VERSION}/envtest-${ARCHIVE_VERSION}-${platform}.tar.gz`;
		say(`control plane: downloading ${url}`);
		const bytes = await fetchBytes(url).catch((error: Error) => {
			// fetch reports the reason for a failed connection only in the cause.
			throw new Error(`download of ${url} failed (${(error.cause as Error | undefined)?.message ?? error.message})`);
		});
		const actual = createHash('sha512').update(bytes).digest('hex');
		if (actual !== expected)
			throw new Error(`checksum of ${url} is ${actual.slice(0, 16)}…, expected ${expected.slice(0, 16)}…`);
		const unpacked = `${folder}.unpacking`;
		await rm(unpacked, { recursive: true, force: true });
		await mkdir(unpacked);
		await writeFile(`${unpacked}.tar.gz`, bytes);
		// The files are in the archive's folder controller-tools/envtest/.
		await promisify(execFile)('tar', ['-xzf', `${unpacked}.tar.gz`, '-C', unpacked, '--strip-components=2']);
		await rm(`${unpacked}.tar.gz`);
		await rename(unpacked, folder);
	});
}

async function fetchBytes(url: string): Promise<Buffer> {
	const dispatcher = new EnvHttpProxyAgent({ connect: { timeout: CONNECT_TIMEOUT_MS } });
	try {
		const response = await fetch(url, { dispatcher, signal: AbortSignal.timeout(DOWNLOAD_TIMEOUT_MS) });
		if (!response.ok) throw new Error(`status ${response.status}`);
		return Buffer.from(await response.arrayBuffer());
	} finally {
		await dispatcher.destroy();
	}
}
