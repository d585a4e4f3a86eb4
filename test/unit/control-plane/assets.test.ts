/**
 * Tests how a machine gets the programs of a control plane that it lacks. A fake server and a fake Go replace the real
 * ones.
 */
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
	existsSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { AssetsMissing, CORE_PROGRAMS, findAssets } from '../../harness/control-plane/assets.ts';
import { KUBERNETES_VERSION, planeFolder } from '../../harness/control-plane/build.ts';
import { type Archive, ENVTEST_ARCHIVE } from '../../harness/control-plane/download.ts';
import { withLock } from '../../harness/control-plane/lock.ts';

/** Writes its arguments to the file after `-o`. */
const FAKE_GO = `#!/bin/sh
[ "$1" = version ] && exit
echo "$PWD $CGO_ENABLED $*" >> "$GO_CALLS"
while [ "$1" != -o ]; do shift; done
printf '#!/bin/sh\\n' > "$2"; chmod +x "$2"`;
const FAILING_GO = FAKE_GO.replace('while', 'case "$*" in *cmd/kubectl) echo "no space" >&2; exit 1;; esac\nwhile');

describe('programs of a control plane', () => {
	let folder: string;
	let server: Server;
	let served: Buffer;
	const lines: string[] = [];

	beforeEach(async () => {
		folder = mkdtempSync(join(tmpdir(), 'assets-'));
		lines.length = 0;
		putPrograms(join(folder, 'archive/controller-tools/envtest'), CORE_PROGRAMS);
		served = execFileSync('tar', ['-czf', '-', '-C', join(folder, 'archive'), 'controller-tools']);
		server = createServer((request, response) => {
			if (request.url === '/absent.tar.gz') response.writeHead(404).end();
			else response.end(served);
		}).listen(0, '127.0.0.1');
		await once(server, 'listening');
	});
	afterEach(() => {
		server.close().closeAllConnections();
		rmSync(folder, { recursive: true });
	});

	const putPrograms = (where: string, names: readonly string[], text = '#!/bin/sh\n'): string => {
		mkdirSync(where, { recursive: true });
		for (const name of names) writeFileSync(join(where, name), text, { mode: 0o755 });
		return where;
	};
	const env = (more: Record<string, string> = {}) => ({ XDG_CACHE_HOME: join(folder, 'cache'), ...more });
	const withGo = (script = FAKE_GO) => {
		putPrograms(join(folder, 'bin'), ['go'], script);
		return { PATH: `${join(folder, 'bin')}:/usr/bin:/bin`, GO_CALLS: join(folder, 'calls') };
	};
	const calls = (): string[] => readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n');
	const archive = (file: string, checksum = createHash('sha512').update(served).digest('hex')): Archive => ({
		version: 'v1.36.0',
		urlOf: () => `http://127.0.0.1:${(server.address() as AddressInfo).port}/${file}`,
		sha512: Object.fromEntries(Object.keys(ENVTEST_ARCHIVE.sha512).map((platform) => [platform, checksum])),
	});
	const find = (more: Record<string, string>, from = archive('absent.tar.gz'), controllerManager = false) =>
		findAssets({ env: env(more), controllerManager, archive: from, say: (line) => lines.push(line) });
	const failure = (promise: Promise<unknown>): Promise<Error> =>
		promise.then(
			() => expect.fail('it found something'),
			(error: Error) => error,
		);
	const builtFolder = () => planeFolder(env(), KUBERNETES_VERSION);
	const downloadedFolder = () => planeFolder(env(), 'v1.36.0');

	it('KUBEBUILDER_ASSETS is complete › it is used; a program is missing › the cache is used, with a reason', async () => {
		const named = putPrograms(join(folder, 'named'), CORE_PROGRAMS);
		putPrograms(builtFolder(), CORE_PROGRAMS);
		expect(await find({ KUBEBUILDER_ASSETS: named })).to.deep.equal({ folder: named, source: 'KUBEBUILDER_ASSETS' });
		rmSync(join(named, 'etcd'));
		expect((await find({ KUBEBUILDER_ASSETS: named })).source).to.equal('cache');
		expect(lines).to.deep.equal([`control plane: KUBEBUILDER_ASSETS=${named} has no etcd; looking elsewhere`]);
	});
	it('an archive › it is downloaded once', async () => {
		const downloaded = { folder: downloadedFolder(), source: 'downloaded' };
		expect(await find(withGo(), archive('good.tar.gz'))).to.deep.equal(downloaded);
		expect((await find(withGo())).source).to.equal('cache');
	});
	it('an archive with a wrong checksum › it is not unpacked, and the programs are built', async () => {
		expect((await find(withGo(), archive('bad.tar.gz', '0'.repeat(128)))).source).to.equal('built');
		expect(existsSync(downloadedFolder())).to.equal(false);
		expect(lines.join()).to.match(/checksum of .*bad\.tar\.gz is [0-9a-f]{16}…, expected 0{16}…; trying to build/);
		expect(calls()[1]).to.match(/control-plane\/go 0 build -trimpath .*gitVersion=v1.36.1/);
	});
	it('a build is interrupted › the next one builds the rest', async () => {
		const { message } = await failure(find(withGo(FAILING_GO)));
		expect(message).to.contain('kubectl missing').and.contain('cmd/kubectl failed: no space');
		rmSync(join(folder, 'calls'));
		await find(withGo());
		expect(calls()).to.have.length(1);
		expect(readdirSync(builtFolder()).sort()).to.deep.equal([...CORE_PROGRAMS].sort());
	});
	it('kube-controller-manager › built on demand into the cache', async () => {
		const named = putPrograms(join(folder, 'named'), CORE_PROGRAMS);
		const { controllerManager } = await find({ KUBEBUILDER_ASSETS: named, ...withGo() }, undefined, true);
		expect(controllerManager).to.equal(join(builtFolder(), 'kube-controller-manager'));
	});
	it('neither a download nor Go is available › one line names what is missing and how to get it', async () => {
		const error = await failure(find({ PATH: '/nowhere' }));
		expect(error).to.be.instanceOf(AssetsMissing);
		expect(error.message).to.match(
			/^no control plane: etcd, kube-apiserver, kubectl missing \(.*status 404.*Go is not installed.*\): set KUBEB.*$/,
		);
	});
	it('the holder of a lock has died › the lock is taken over', async () => {
		const dead = spawn('true');
		await once(dead, 'exit');
		const lock = join(folder, 'lock');
		symlinkSync(String(dead.pid), lock);
		const work = async () => 'worked';
		expect(await withLock(lock, () => undefined, work)).to.equal('worked');
		expect(existsSync(lock)).to.equal(false);
	});
});
