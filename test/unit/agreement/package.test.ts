/** Tests the npm package, the image on every platform, and the Node version that `make` uses. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { publishedOf } from '../../../scripts/published.ts';
import { ROOT, read } from '../../harness/documents.ts';
import { entrypoint, imageFlags } from '../../harness/image.ts';

const manifest = JSON.parse(read('package.json'));

describe('package and image', () => {
	it('the npm package › contains no Node and no tools, and is not private', () => {
		const { private: isPrivate, scripts, devDependencies, optionalDependencies, ...rest } = manifest;
		expect(isPrivate).to.equal(true);
		expect([scripts, devDependencies, optionalDependencies]).to.not.include(undefined);
		expect(publishedOf(manifest)).to.deep.equal(rest);
		expect(rest).to.include.keys('name', 'version', 'bin', 'engines', 'files', 'dependencies', 'repository');
	});
	it('main.ts › rejects the Node versions that `engines` rejects', () => {
		const [, major, minor] = /OLDEST_NODE = \[(\d+), (\d+)\]/.exec(read('src/main.ts')) ?? [];
		expect(manifest.engines.node).to.equal(`>=${major}.${minor}`);
	});
	it('packages in the image › the same on every platform, and without install scripts', () => {
		type Locked = Readonly<Record<'dev' | 'optional' | 'os' | 'cpu' | 'hasInstallScript', unknown>>;
		const { packages } = JSON.parse(read('package-lock.json')) as { packages: Record<string, Locked> };
		const production = Object.entries(packages).filter(([path, { dev, optional }]) => path !== '' && !dev && !optional);
		expect(production).to.have.length.above(20);
		const other = production.filter(([, { os, cpu, hasInstallScript }]) => os ?? cpu ?? hasInstallScript);
		expect(other.map(([path]) => path)).to.deep.equal([]);
	});
	// If V8 removes a flag, the pod does not start.
	it('the image › runs the file that package.json names, with flags that this Node version supports', () => {
		expect([entrypoint()[0], entrypoint().at(-1)]).to.deep.equal(['node', manifest.bin['thv-scaling']]);
		expect(imageFlags()).to.not.deep.equal([]);
		const { status, stderr } = spawnSync(process.execPath, [...imageFlags(), '--version'], { encoding: 'utf8' });
		expect({ status, stderr }).to.deep.equal({ status: 0, stderr: '' });
	});
	it('make › uses the Node in node_modules, or the one that WITH_NODE= selects', () => {
		/** Runs without the environment of the `make` command that started this test. */
		const nodeOf = (...variables: string[]): string =>
			spawnSync('make', ['--silent', '--file', '-', 'node-of', ...variables], {
				...({ cwd: ROOT, encoding: 'utf8', env: { PATH: '/usr/bin:/bin' } } as const),
				input: 'include Makefile\nnode-of: ; @command -v node\n',
			}).stdout.trim();
		expect(nodeOf()).to.equal(join(ROOT, 'node_modules/.bin/node'));
		const folder = mkdtempSync(join(tmpdir(), 'toolhive-scaling-node-'));
		try {
			const node = join(folder, 'bin/node');
			mkdirSync(join(folder, 'bin'));
			writeFileSync(node, '#!/bin/sh\n');
			chmodSync(node, 0o755);
			expect(nodeOf(`WITH_NODE=${node}`)).to.equal(node);
		} finally {
			rmSync(folder, { recursive: true });
		}
	});
});
