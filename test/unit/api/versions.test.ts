/** Tests the versions of images, operators and Kubernetes: images.ts, operators.ts and kubernetes.ts. */
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { isOlder, SINCE, versionOf, withVersion } from '../../../src/api/images.ts';
import { isTooOld, kubernetesVersionOf } from '../../../src/api/kubernetes.ts';
import { isOperatorImage, whatOperatorDoes } from '../../../src/api/operators.ts';

describe('version of an image', () => {
	for (const [image, version] of [
		['ghcr.io/stacklok/toolhive/proxyrunner:v0.12.5', 'v0.12.5'],
		['localhost:5000/vmcp:1.2.3', 'v1.2.3'],
		['vmcp:v0.44.0@sha256:00ff', 'v0.44.0'],
		['vmcp:v0.13.1-rc.2', 'v0.13.1-rc.2'],
	] as const) {
		it(`${image} › ${version}`, () => expect(versionOf(image)).to.equal(version));
	}
	for (const image of [
		...['localhost:5000/vmcp', 'vmcp@sha256:00ff', 'vmcp:latest', 'vmcp:v0.13', 'vmcp:v0.13.1.2', 'vmcp:my-v0.13.1'],
		...['vmcp:v99999999999999999.0.0', '', undefined],
	]) {
		it(`${image} › unknown`, () => expect(versionOf(image)).to.equal(undefined));
	}
	for (const [image, expected] of [
		['localhost:5000/vmcp:v1.2.3', 'localhost:5000/vmcp:v0.47.0'],
		['localhost:5000/vmcp', 'localhost:5000/vmcp:v0.47.0'],
		['vmcp:v0.44.0@sha256:00ff', 'vmcp:v0.47.0'],
	] as const) {
		it(`${image} of v0.47.0 › ${expected}`, () => expect(withVersion(image, 'v0.47.0')).to.equal(expected));
	}
	for (const pair of ['v0.13.2 v0.13.10', 'v0.18.0-rc1 v0.18.0', 'v0.17.9 v0.18.0-rc1', 'v0.99.99 v1.0.0']) {
		it(`${pair} › only the first is older`, () => {
			const [older = '', newer = ''] = pair.split(' ');
			expect([isOlder(older, newer), isOlder(newer, older), isOlder(older, older)]).to.deep.equal([true, false, false]);
		});
	}
	it('first version with a capability (TOOLHIVE.md 2.6) › this table', () => {
		expect(SINCE).to.deep.equal({
			runnerBackendReplicas: 'v0.12.5',
			runnerKeepsEnvOrder: 'v0.27.0',
			runnerSessionRedis: 'v0.16.0',
			vmcpAcceptsSessionStorage: 'v0.13.1',
			vmcpUsesSessionStorage: 'v0.16.0',
		});
	});
});

describe('operators', () => {
	const TOOLHIVE = 'ghcr.io/stacklok/toolhive';
	for (const image of [`${TOOLHIVE}/operator:v0.47.0`, 'toolhive/operator', 'a.b/toolhive/operator@sha256:00'])
		it(`${image} › an operator`, () => expect(isOperatorImage(image)).to.equal(true));
	for (const image of [`${TOOLHIVE}/proxyrunner:v0.47.0`, 'a.b/mytoolhive/operator:1', 'toolhive/operator-bundle:1'])
		it(`${image} › not an operator`, () => expect(isOperatorImage(image)).to.equal(false));
	it('a pre-release › behaves like the release before it', () => {
		expect(whatOperatorDoes('v0.13.0-rc.1')).to.equal(whatOperatorDoes('v0.12.5'));
		expect(whatOperatorDoes('v0.13.0')).not.to.equal(whatOperatorDoes('v0.12.5'));
	});
});

describe('Kubernetes › response from /version', () => {
	for (const [gitVersion, version, tooOld] of [
		['v1.30.0', 'v1.30.0', false],
		['v1.29.15', 'v1.29.15', true],
		['v1.30.0-eks-1234', 'v1.30.0', false],
	] as const) {
		it(`${gitVersion} › ${version}, ${tooOld ? 'too old' : 'supported'}`, () => {
			expect(kubernetesVersionOf({ gitVersion })).to.equal(version);
			expect(isTooOld(version)).to.equal(tooOld);
		});
	}
	for (const answer of [undefined, null, [], {}, { gitVersion: 1 }, { gitVersion: '1.30.0' }, { gitVersion: 'v1.30' }])
		it(`${JSON.stringify(answer)} › unknown`, () => expect(kubernetesVersionOf(answer)).to.equal(undefined));
});
