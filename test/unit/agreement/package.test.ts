/** What users get: the npm package, the image on every platform, and the Node that `make` takes. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { publishedOf } from '../../../scripts/published.ts';
import { ROOT, read } from '../../harness/documents.ts';

interface Locked {
	readonly dev?: boolean;
	readonly optional?: boolean;
	readonly os?: readonly string[];
	readonly cpu?: readonly string[];
	readonly hasInstallScript?: boolean;
}

describe('what is published', () => {
	it('the npm package brings no Node and no tools, and may be published; a checkout may not', () => {
		const ours = JSON.parse(read('package.json'));
		const { private: isPrivate, scripts, devDependencies, optionalDependencies, ...rest } = ours;
		expect(isPrivate).to.equal(true);
		expect([scripts, devDependencies, optionalDependencies]).to.not.include(undefined);
		expect(publishedOf(ours)).to.deep.equal(rest);
		expect(rest).to.include.keys('name', 'version', 'bin', 'engines', 'files', 'dependencies', 'repository');
	});
	it('main.ts refuses every Node that `engines` refuses, and no other', () => {
		const [, major, minor] = /OLDEST_NODE = \[(\d+), (\d+)\]/.exec(read('src/main.ts')) ?? [];
		expect(JSON.parse(read('package.json')).engines.node).to.equal(`>=${major}.${minor}`);
	});
	it('every package in the image is the same on every platform: it is built on one, and without install scripts', () => {
		const { packages } = JSON.parse(read('package-lock.json')) as { packages: Record<string, Locked> };
		const production = Object.entries(packages).filter(([path, { dev, optional }]) => path !== '' && !dev && !optional);
		expect(production).to.have.length.above(20);
		const other = production.filter(([, { os, cpu, hasInstallScript }]) => os ?? cpu ?? hasInstallScript);
		expect(other.map(([path]) => path)).to.deep.equal([]);
	});
});

describe('make', () => {
	/** The Node that a command of the Makefile would run. Nothing of a `make` that runs this test gets in. */
	const nodeOf = (...variables: string[]): string =>
		spawnSync('make', ['--silent', '--file', '-', 'node-of', ...variables], {
			cwd: ROOT,
			encoding: 'utf8',
			env: { PATH: '/usr/bin:/bin' },
			input: 'include Makefile\nnode-of: ; @command -v node\n',
		}).stdout.trim();

	it('takes the Node of the project', () => {
		expect(nodeOf()).to.equal(join(ROOT, 'node_modules/.bin/node'));
	});
	it('takes the one that WITH_NODE= names', () => {
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
