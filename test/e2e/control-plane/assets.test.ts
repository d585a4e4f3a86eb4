import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
	chmodSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import {
	type Assets,
	AssetsMissing,
	CORE_PROGRAMS,
	findAssets,
	planeFolder,
} from '../../harness/control-plane/assets.ts';
import { KUBERNETES_VERSION } from '../../harness/control-plane/build.ts';
import { type Archive, ENVTEST_ARCHIVE } from '../../harness/control-plane/download.ts';
import { withLock } from '../../harness/control-plane/lock.ts';

/** A stand-in for Go: a real program in PATH that writes what it was asked for to the file after `-o`. */
const FAKE_GO = `#!/bin/sh
[ "$1" = version ] && exit
echo "$PWD $CGO_ENABLED $*" >> "$GO_CALLS"
while [ "$1" != -o ]; do shift; done
printf '#!/bin/sh\\n' > "$2"; chmod +x "$2"`;

describe('control-plane assets', () => {
	let folder: string;
	let lines: string[];
	let server: Server;
	let requests: string[];
	let served: Buffer;

	beforeEach(async () => {
		folder = mkdtempSync(join(tmpdir(), 'assets-'));
		lines = [];
		requests = [];
		served = archiveOf(CORE_PROGRAMS);
		server = createServer((request, response) => {
			requests.push(request.url ?? '');
			if (request.url === '/absent.tar.gz') response.writeHead(404).end();
			else response.end(served);
		}).listen(0, '127.0.0.1');
		await once(server, 'listening');
	});
	afterEach(() => {
		server.close();
		server.closeAllConnections();
		rmSync(folder, { recursive: true });
	});

	const env = (more: Record<string, string> = {}) => ({
		XDG_CACHE_HOME: join(folder, 'cache'),
		PATH: '/usr/bin:/bin',
		...more,
	});
	const withGo = (script = FAKE_GO) => {
		putPrograms(join(folder, 'bin'), ['go'], script);
		return { PATH: `${join(folder, 'bin')}:/usr/bin:/bin`, GO_CALLS: join(folder, 'calls') };
	};
	const putPrograms = (where: string, names: readonly string[], text = '#!/bin/sh\n') => {
		mkdirSync(where, { recursive: true });
		for (const name of names) writeFileSync(join(where, name), text, { mode: 0o755 });
		return where;
	};
	const archiveOf = (names: readonly string[]): Buffer => {
		const root = join(folder, 'archive');
		putPrograms(join(root, 'controller-tools', 'envtest'), names);
		return execFileSync('tar', ['-czf', '-', '-C', root, 'controller-tools'], { maxBuffer: 1e8 });
	};
	const archive = (file: string, checksum = createHash('sha512').update(served).digest('hex')): Archive => ({
		version: 'v1.36.0',
		urlOf: () => `http://127.0.0.1:${(server.address() as AddressInfo).port}/${file}`,
		sha512: Object.fromEntries(Object.keys(ENVTEST_ARCHIVE.sha512).map((platform) => [platform, checksum])),
	});
	const find = (
		more: Record<string, string>,
		source = archive('absent.tar.gz'),
		controllerManager = false,
	): Promise<Assets> =>
		findAssets({ env: env(more), controllerManager, archive: source, say: (line) => lines.push(line) });
	const failure = (promise: Promise<unknown>): Promise<Error> =>
		promise.then(
			() => expect.fail('it found something'),
			(error: unknown) => (error instanceof Error ? error : expect.fail('not an error')),
		);
	const builtFolder = () => planeFolder(env(), KUBERNETES_VERSION);
	const downloadedFolder = () => planeFolder(env(), 'v1.36.0');

	it('takes KUBEBUILDER_ASSETS first, and touches neither cache nor network', async () => {
		const named = putPrograms(join(folder, 'named'), CORE_PROGRAMS);
		putPrograms(builtFolder(), CORE_PROGRAMS);
		expect(await find({ KUBEBUILDER_ASSETS: named })).to.deep.equal({ folder: named, source: 'KUBEBUILDER_ASSETS' });
		expect(requests).to.deep.equal([]);
		expect(lines).to.deep.equal([]);
	});

	it('says why it does not take a KUBEBUILDER_ASSETS that lacks something', async () => {
		const named = putPrograms(join(folder, 'named'), ['etcd', 'kubectl']);
		putPrograms(builtFolder(), CORE_PROGRAMS);
		expect(await find({ KUBEBUILDER_ASSETS: named })).to.deep.equal({ folder: builtFolder(), source: 'cache' });
		expect(lines).to.deep.equal([
			`control plane: KUBEBUILDER_ASSETS=${named} has no kube-apiserver; looking elsewhere`,
		]);
	});

	it('does not take a file that cannot be run', async () => {
		const named = putPrograms(join(folder, 'named'), CORE_PROGRAMS);
		chmodSync(join(named, 'etcd'), 0o644);
		putPrograms(builtFolder(), CORE_PROGRAMS);
		expect((await find({ KUBEBUILDER_ASSETS: named })).source).to.equal('cache');
	});

	it('takes the cache second, the built one before the downloaded one', async () => {
		putPrograms(downloadedFolder(), CORE_PROGRAMS);
		expect(await find({}, archive('good.tar.gz'))).to.deep.equal({ folder: downloadedFolder(), source: 'cache' });
		putPrograms(builtFolder(), CORE_PROGRAMS);
		expect(await find({}, archive('good.tar.gz'))).to.deep.equal({ folder: builtFolder(), source: 'cache' });
		expect(requests).to.deep.equal([]);
	});

	it('downloads third, and has it in the cache afterwards', async () => {
		expect(await find(withGo(), archive('good.tar.gz'))).to.deep.equal({
			folder: downloadedFolder(),
			source: 'downloaded',
		});
		expect((await find(withGo(), archive('good.tar.gz'))).source).to.equal('cache');
		expect(requests).to.deep.equal(['/good.tar.gz']);
		expect(existsSync(join(folder, 'calls')), 'Go was called').to.equal(false);
		expect(readdirSync(downloadedFolder()).sort()).to.deep.equal([...CORE_PROGRAMS].sort());
		expect(readdirSync(dirname(downloadedFolder())).sort(), 'left-overs').to.deep.equal(
			[downloadedFolder(), builtFolder()].map((path) => path.slice(dirname(path).length + 1)).sort(),
		);
	});

	it('never unpacks an archive whose checksum differs', async () => {
		expect((await find(withGo(), archive('bad.tar.gz', '0'.repeat(128)))).source).to.equal('built');
		expect(existsSync(downloadedFolder())).to.equal(false);
		expect(lines.join('\n')).to.match(/checksum of .*bad\.tar\.gz is [0-9a-f]{16}…, expected 0{16}…; trying to build/);
	});

	it('builds last, without cgo, in the folder of its own Go module', async () => {
		expect(await find(withGo())).to.deep.equal({ folder: builtFolder(), source: 'built' });
		const calls = readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n');
		expect(calls).to.have.length(3);
		expect(calls[0]).to.match(/test\/harness\/control-plane\/go 0 build -trimpath .* go\.etcd\.io\/etcd\/server\/v3$/);
		expect(calls[1]).to.contain('-X k8s.io/component-base/version.gitVersion=v1.36.1');
		expect(readdirSync(builtFolder()).sort()).to.deep.equal([...CORE_PROGRAMS].sort());
		expect((await find(withGo())).source).to.equal('cache');
	});

	it('goes on with an interrupted build where it stopped', async () => {
		const fails = FAKE_GO.replace('while', 'case "$*" in *cmd/kubectl) echo "no space left" >&2; exit 1;; esac\nwhile');
		const error = await failure(find(withGo(fails)));
		expect(error.message)
			.to.contain('kubectl missing')
			.and.contain('go build of k8s.io/kubernetes/cmd/kubectl failed: no space left');
		expect(readdirSync(builtFolder()).sort()).to.deep.equal(['etcd', 'kube-apiserver']);
		rmSync(join(folder, 'calls'));
		await find(withGo());
		expect(readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n')).to.have.length(1);
	});

	it('builds once for two that ask at the same time', async () => {
		const slow = FAKE_GO.replace('while', 'sleep 0.2\nwhile');
		const both = await Promise.all([find(withGo(slow)), find(withGo(slow))]);
		expect(both.map((assets) => assets.source).sort()).to.deep.equal(['built', 'cache']);
		expect(readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n')).to.have.length(3);
	}).timeout(10_000);

	it('says in one line what is missing and how to get it', async () => {
		const error = await failure(find({ PATH: '/nowhere' }));
		expect(error).to.be.instanceOf(AssetsMissing);
		expect(error.message).to.match(
			/^no control plane: etcd, kube-apiserver, kubectl missing \(KUBEBUILDER_ASSETS is not set; download /,
		);
		expect(error.message).to.contain('(status 404)').and.contain('Go is not installed');
		expect(error.message).to.contain('set KUBEBUILDER_ASSETS').and.not.contain('\n');
	});

	describe('kube-controller-manager', () => {
		const named = () => putPrograms(join(folder, 'named'), CORE_PROGRAMS);

		it('is taken from beside the others', async () => {
			const path = join(putPrograms(named(), ['kube-controller-manager']), 'kube-controller-manager');
			const assets = await find({ KUBEBUILDER_ASSETS: named() }, undefined, true);
			expect(assets.controllerManager).to.equal(path);
		});

		it('else from the cache, else it is built there', async () => {
			const path = join(builtFolder(), 'kube-controller-manager');
			const assets = await find({ KUBEBUILDER_ASSETS: named(), ...withGo() }, undefined, true);
			expect(assets).to.deep.equal({ folder: named(), source: 'KUBEBUILDER_ASSETS', controllerManager: path });
			rmSync(join(folder, 'calls'));
			expect((await find({ KUBEBUILDER_ASSETS: named() }, undefined, true)).controllerManager).to.equal(path);
			expect(existsSync(join(folder, 'calls')), 'Go was called again').to.equal(false);
		});

		it('is reported missing alone: what does not need it goes on', async () => {
			const error = await failure(find({ KUBEBUILDER_ASSETS: named() }, undefined, true));
			expect(error).to.be.instanceOf(AssetsMissing);
			expect(error.message).to.match(/^no kube-controller-manager \(.*Go is not installed.*\): install Go/);
			expect((await find({ KUBEBUILDER_ASSETS: named() })).folder).to.equal(named());
		});
	});

	it('takes over a lock whose holder died', async () => {
		const dead = spawn('true');
		await once(dead, 'exit');
		const lock = join(folder, 'lock');
		mkdirSync(lock);
		writeFileSync(join(lock, 'pid'), String(dead.pid));
		expect(
			await withLock(
				lock,
				() => {},
				async () => 'worked',
			),
		).to.equal('worked');
		expect(existsSync(lock)).to.equal(false);
	});
});
