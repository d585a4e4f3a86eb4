import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { disagreements, reasonsAgainst } from '../../../scripts/versions.ts';
import { ROOT } from '../../harness/documents.ts';

const IMAGE = 'ghcr.io/toolhive-scaling/toolhive-scaling';

/** A release of 1.2.3, with other texts laid over. */
const filesOf =
	(other: Readonly<Record<string, string | undefined>> = {}) =>
	(file: string): string | undefined =>
		({
			'package.json': '{ "version": "1.2.3" }',
			'package-lock.json': '{ "version": "1.2.3", "packages": { "": { "version": "1.2.3" } } }',
			'manifests/base/50-deployment.yaml': `          image: ${IMAGE}:1.2.3\n`,
			'manifests/chart/Chart.yaml': 'version: 1.2.3\nappVersion: "1.2.3"\n',
			'CHANGELOG.md': '# Changelog\n\n## 1.2.3, 2026-12-01\n\n## 1.2.2, 2026-11-01\n',
			...other,
		})[file];

describe('versions of a release', () => {
	/** `make release-check` on this checkout. */
	const check = (...args: string[]) =>
		spawnSync(process.execPath, [join(ROOT, 'scripts/release-check.ts'), ...args], { encoding: 'utf8' });

	it('agree in this checkout', () => {
		const { status, stderr } = check();
		expect({ status, stderr }).to.deep.equal({ status: 0, stderr: '' });
	});

	const rows: readonly { it: string; files: Readonly<Record<string, string | undefined>>; says: readonly string[] }[] =
		[
			{ it: 'all the same', files: {}, says: [] },
			{
				it: 'the package alone was raised',
				files: { 'package.json': '{ "version": "1.3.0" }' },
				says: [
					'package-lock.json: version is 1.2.3; set it to 1.3.0, as in package.json',
					'package-lock.json: packages[""].version is 1.2.3; set it to 1.3.0, as in package.json',
					'manifests/base/50-deployment.yaml: the image tag is 1.2.3; set it to 1.3.0, as in package.json',
					'manifests/chart/Chart.yaml: version is 1.2.3; set it to 1.3.0, as in package.json',
					'manifests/chart/Chart.yaml: appVersion is 1.2.3; set it to 1.3.0, as in package.json',
				],
			},
			{
				it: 'the image has another name',
				files: { 'manifests/base/50-deployment.yaml': 'image: registry.example.com/mine:1.2.3\n' },
				says: ['manifests/base/50-deployment.yaml: the image tag is missing; set it to 1.2.3, as in package.json'],
			},
			{
				it: 'there is no chart',
				files: { 'manifests/chart/Chart.yaml': undefined },
				says: ['manifests/chart/Chart.yaml does not exist', 'manifests/chart/Chart.yaml does not exist'],
			},
			{
				it: 'a version that YAML takes for a number',
				files: { 'manifests/chart/Chart.yaml': 'version: 1.2.3\nappVersion: 1.2\n' },
				says: ['manifests/chart/Chart.yaml: appVersion is 1.2; set it to 1.2.3, as in package.json'],
			},
		];
	for (const { it: name, files, says } of rows) {
		it(name, () => expect(disagreements(filesOf(files))).to.deep.equal(says));
	}

	const tags: readonly {
		tag: string;
		files?: Readonly<Record<string, string | undefined>>;
		says: readonly string[];
	}[] = [
		{ tag: 'v1.2.3', says: [] },
		{ tag: 'v1.2.4', says: ['the tag is v1.2.4, but package.json has version 1.2.3; use the tag v1.2.3'] },
		{ tag: '1.2.3', says: ['the tag is 1.2.3, but package.json has version 1.2.3; use the tag v1.2.3'] },
		{
			tag: 'v1.2.3',
			files: { 'CHANGELOG.md': '## 1.2.3, not released yet\n' },
			says: ['CHANGELOG.md has the section "1.2.3, not released yet"; replace "not released" with the date'],
		},
		{
			tag: 'v1.2.3-rc.1',
			files: { 'package.json': '{ "version": "1.2.3-rc.1" }', 'CHANGELOG.md': '## 1.2.3-rc.1, 2026-12-01\n' },
			says: ['version 1.2.3-rc.1 does not have the form 1.2.3; users would get a pre-release as the latest version'],
		},
		{
			tag: 'v1.2.3',
			files: { 'CHANGELOG.md': '## 1.2.30, 2026-12-01\n' },
			says: ['CHANGELOG.md has no section "## 1.2.3"'],
		},
		{
			tag: 'v1.2.3',
			files: { 'CHANGELOG.md': '## 1.2.3-rc.1, 2026-12-01\n' },
			says: ['CHANGELOG.md has no section "## 1.2.3"'],
		},
	];
	for (const { tag, files, says } of tags) {
		it(`${tag}: ${says[0] ?? 'may be released'}`, () =>
			expect(reasonsAgainst(tag, filesOf(files))).to.deep.equal(says));
	}

	it('make release-check says them one a line, and ends with 1', () => {
		const { status, stderr } = check('v0.0.0');
		expect(status).to.equal(1);
		expect(stderr).to.match(/^release-check: the tag is v0\.0\.0, but package\.json has version /);
	});
});
