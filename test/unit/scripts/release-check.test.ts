import { expect } from 'chai';
import { disagreements, reasonsAgainst } from '../../../scripts/release-check.ts';
import { read } from '../../harness/documents.ts';

const DEPLOYMENT = 'manifests/base/50-deployment.yaml';
const CHART = 'manifests/chart/Chart.yaml';

/** Returns the files of release 1.2.3, with different texts for some files. */
const filesOf =
	(other: Readonly<Record<string, string>> = {}) =>
	(file: string): string | undefined =>
		({
			'package.json': '{ "version": "1.2.3" }',
			'package-lock.json': '{ "version": "1.2.3", "packages": { "": { "version": "1.2.3" } } }',
			[DEPLOYMENT]: '          image: ghcr.io/toolhive-scaling/toolhive-scaling:1.2.3\n',
			[CHART]: 'version: 1.2.3\nappVersion: "1.2.3"\n',
			'CHANGELOG.md': '# Changelog\n\n## 1.2.3, 2026-12-01\n\n## 1.2.2, 2026-11-01\n',
			...other,
		})[file];

describe('scripts/release-check.ts', () => {
	it('the versions of this checkout › no disagreement', () => expect(disagreements(read)).to.deep.equal([]));

	const FIELDS = [
		...['version', 'packages[""].version'].map((field) => `package-lock.json: ${field}`),
		...[`${DEPLOYMENT}: the image tag`, `${CHART}: version`, `${CHART}: appVersion`],
	];
	for (const [file, text, ...expected] of [
		[
			'package.json',
			'{ "version": "1.3.0" }',
			...FIELDS.map((field) => `${field} is 1.2.3; set it to 1.3.0, as in package.json`),
		],
		[DEPLOYMENT, 'image: mine:1.2.3', `${DEPLOYMENT}: the image tag is missing; set it to 1.2.3, as in package.json`],
	] as const) {
		it(`${file} › ${JSON.stringify(text)} › ${expected.length} disagreements`, () =>
			expect(disagreements(filesOf({ [file]: text }))).to.deep.equal(expected));
	}

	for (const [tag, files, ...expected] of [
		['v1.2.3', {}],
		['1.2.3', {}, 'the tag is 1.2.3, but package.json has version 1.2.3; use the tag v1.2.3'],
		['v1.2.3', { 'CHANGELOG.md': '## 1.2.3, not released yet\n' }, 'replace "not released" with the date'],
		['v1.2.3-rc.1', { 'package.json': '{ "version": "1.2.3-rc.1" }' }, 'does not have the form 1.2.3', 'no section'],
		['v1.2.3', { 'CHANGELOG.md': '## 1.2.30, 2026-12-01\n' }, 'CHANGELOG.md has no section "## 1.2.3"'],
	] as const) {
		it(`${tag} › ${expected[0] ?? 'may be released'}`, () => {
			const reasons = reasonsAgainst(tag, filesOf(files));
			expect(reasons).to.have.length(expected.length);
			for (const [index, reason] of reasons.entries()) expect(reason).to.include(expected[index]);
		});
	}
});
