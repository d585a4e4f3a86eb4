/** Tests the image, and the Node version that `make` and the program use. */
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { ROOT, read } from '../../harness/documents.ts';
import { entrypoint, imageFlags } from '../../harness/image.ts';

const manifest = JSON.parse(read('package.json'));

describe('package and image', () => {
	it('main.ts › rejects the Node versions that `engines` rejects', () => {
		const [, major, minor] = /OLDEST_NODE = \[(\d+), (\d+)\]/.exec(read('src/main.ts')) ?? [];
		expect(manifest.engines.node).to.equal(`>=${major}.${minor}`);
	});
	it('packages in the image › the same on every platform', () => {
		type Locked = Readonly<Record<'dev' | 'optional' | 'os' | 'cpu', unknown>>;
		const { packages } = JSON.parse(read('package-lock.json')) as { packages: Record<string, Locked> };
		const production = Object.entries(packages).filter(([path, { dev, optional }]) => path !== '' && !dev && !optional);
		expect(production.filter(([, { os, cpu }]) => os ?? cpu)).to.deep.equal([]);
	});
	it('the image › is built › runs no install script of a package', () => {
		const installs = read('Dockerfile').match(/^[^#\n]*\bnpm (?:ci|i|install)\b.*$/gm) ?? [];
		expect(installs).to.have.length.above(0);
		for (const install of installs) expect(install).to.include('--ignore-scripts');
	});
	// If V8 removes a flag, the pod does not start.
	it('the image › runs the file that package.json names, with flags that this Node version supports', () => {
		expect([entrypoint()[0], entrypoint().at(-1)]).to.deep.equal(['node', manifest.bin['thv-scaling']]);
		expect(imageFlags()).to.not.deep.equal([]);
		const { status, stderr } = spawnSync(process.execPath, [...imageFlags(), '--version'], { encoding: 'utf8' });
		expect({ status, stderr }).to.deep.equal({ status: 0, stderr: '' });
	});
	it('make › WITH_NODE= comes first in PATH, so that CI tests that version', () => {
		const { stdout } = spawnSync('make', ['--silent', '--file', '-', 'path', `WITH_NODE=${process.execPath}`], {
			...({ cwd: ROOT, encoding: 'utf8', env: { PATH: '/usr/bin:/bin' } } as const),
			input: 'include Makefile\npath: ; @echo "$$PATH"\n',
		});
		expect(stdout).to.include(`${dirname(process.execPath)}/:${join(ROOT, 'node_modules/.bin')}:`);
	});
});
