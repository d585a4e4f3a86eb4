import { expect } from 'chai';
import { describe, it } from 'mocha';
import { isOlder, versionOf, withVersion } from '../../../src/api/images.ts';
import { isOperatorImage } from '../../../src/api/operators.ts';

describe('version of an image', () => {
	for (const [image, version] of [
		['ghcr.io/stacklok/toolhive/proxyrunner:v0.12.5', 'v0.12.5'],
		['localhost:5000/vmcp:1.2.3', 'v1.2.3'],
		['vmcp:v0.44.0@sha256:00ff', 'v0.44.0'],
		['vmcp:v0.13.1-rc.2', 'v0.13.1-rc.2'],
		...['localhost:5000/vmcp', 'vmcp@sha256:00ff', 'vmcp:latest', 'vmcp:v0.13', 'vmcp:my-v0.13.1', undefined].map(
			(image) => [image, undefined] as const,
		),
	] as const) {
		it(`${image} › ${version}`, () => expect(versionOf(image)).to.equal(version));
	}
	for (const image of ['localhost:5000/vmcp:v1.2.3', 'localhost:5000/vmcp', 'localhost:5000/vmcp:v1.2.3@sha256:00ff'])
		it(`${image} › replaced`, () => expect(withVersion(image, 'v0.47.0')).to.equal('localhost:5000/vmcp:v0.47.0'));
	for (const pair of ['v0.13.2 v0.13.10', 'v0.18.0-rc1 v0.18.0', 'v0.17.9 v0.18.0-rc1']) {
		it(`${pair} › only the first is older`, () => {
			const [older = '', newer = ''] = pair.split(' ');
			expect([isOlder(older, newer), isOlder(newer, older), isOlder(older, older)]).to.deep.equal([true, false, false]);
		});
	}
	for (const [image, expected] of [
		['ghcr.io/stacklok/toolhive/operator:v0.47.0', true],
		['a.b/toolhive/operator@sha256:00', true],
		['toolhive/operator', true],
		['a.b/mytoolhive/operator:1', false],
		['toolhive/operator-bundle:1', false],
	] as const)
		it(`${image} › ${expected ? 'an' : 'not an'} operator`, () => expect(isOperatorImage(image)).to.equal(expected));
});
