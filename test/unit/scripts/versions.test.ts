import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect } from 'chai';
import { disagreements, reasonsAgainst } from '../../../scripts/versions.ts';
import { ROOT } from '../../harness/documents.ts';

const DEPLOYMENT = 'manifests/base/50-deployment.yaml';
const CHART = 'manifests/chart/Chart.yaml';

/** Returns the files of release 1.2.3, with different texts for some files. */
const filesOf =
	(other: Readonly<Record<string, string | undefined>> = {}) =>
	(file: string): string | undefined =>
		({
			'package.json': '{ "version": "1.2.3" }',
			'package-lock.json': '{ "version": "1.2.3", "packages": { "": { "version": "1.2.3" } } }',
			[DEPLOYMENT]: '          image: ghcr.io/toolhive-scaling/toolhive-scaling:1.2.3\n',
			[CHART]: 'version: 1.2.3\nappVersion: "1.2.3"\n',
			'CHANGELOG.md': '# Changelog\n\n## 1.2.3, 2026-12-01\n\n## 1.2.2, 2026-11-01\n',
			...other,
		})[file];

describe('release versions', () => {
	const FIELDS = [
		...['version', 'packages[""].version'].map((field) => `package-lock.json: ${field}`),
		...[`${DEPLOYMENT}: the image tag`, `${CHART}: version`, `${CHART}: appVersion`],
	];
	const image = 'image: registry.example.com/mine:1.2.3\n';
	for (const [file, text, ...expected] of [
		['package.json', '{ "version": "1.2.3" }'],
		[
			'package.json',
			'{ "version": "1.3.0" }',
			...FIELDS.map((field) => `${field} is 1.2.3; set it to 1.3.0, as in package.json`),
		],
		[DEPLOYMENT, image, `${DEPLOYMENT}: the image tag is missing; set it to 1.2.3, as in package.json`],
		[CHART, undefined, `${CHART} does not exist`, `${CHART} does not exist`],
		[CHART, 'version: 1.2.3\nappVersion: 1.2\n', `${CHART}: appVersion is 1.2; set it to 1.2.3, as in package.json`],
	] as const) {
		it(`${file} › ${JSON.stringify(text)} › ${expected.length} disagreements`, () =>
			expect(disagreements(filesOf({ [file]: text }))).to.deep.equal(expected));
	}

	const wrongTag = (tag: string): string => `the tag is ${tag}, but package.json has version 1.2.3; use the tag v1.2.3`;
	const noSection = 'CHANGELOG.md has no section "## 1.2.3"';
	const candidate = { 'package.json': '{ "version": "1.2.3-rc.1" }', 'CHANGELOG.md': '## 1.2.3-rc.1, 2026-12-01\n' };
	const withChanges = (heading: string) => ({ 'CHANGELOG.md': `## ${heading}\n` });
	const undated = '1.2.3, not released yet';
	for (const [tag, files, ...expected] of [
		['v1.2.3', {}],
		['v1.2.4', {}, wrongTag('v1.2.4')],
		['1.2.3', {}, wrongTag('1.2.3')],
		['v1.2.3', withChanges(undated), `CHANGELOG.md has the section "${undated}"; replace "not released" with the date`],
		[
			'v1.2.3-rc.1',
			candidate,
			'version 1.2.3-rc.1 does not have the form 1.2.3; users would get a pre-release as the latest version',
		],
		['v1.2.3', withChanges('1.2.30, 2026-12-01'), noSection],
		['v1.2.3', withChanges('1.2.3-rc.1, 2026-12-01'), noSection],
	] as const) {
		it(`${tag} › ${expected[0] ?? 'may be released'}`, () =>
			expect(reasonsAgainst(tag, filesOf(files))).to.deep.equal(expected));
	}

	it('release-check › in this checkout › exit code 0; with another tag › 1 and the reason', () => {
		const check = (...args: string[]) =>
			spawnSync(process.execPath, [join(ROOT, 'scripts/release-check.ts'), ...args], { encoding: 'utf8' });
		expect(check()).to.include({ status: 0, stderr: '' });
		const { status, stderr } = check('v0.0.0');
		expect(status).to.equal(1);
		expect(stderr).to.match(/^release-check: the tag is v0\.0\.0, but package\.json has version /);
	});
});
