/** Versions of images, operators and Kubernetes: images.ts, operators.ts and kubernetes.ts. */
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
	for (const [version, since, expected] of [
		['v0.13.1', 'v0.13.1', false],
		['v1.0.0', 'v0.99.99', false],
		['v0.13.2', 'v0.13.10', true],
		['v0.18.0-rc1', 'v0.18.0', true],
		['v0.17.9', 'v0.18.0-rc1', true],
	] as const) {
		it(`${version} is older than ${since} › ${expected}`, () => expect(isOlder(version, since)).to.equal(expected));
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
	for (const [image, expected] of [
		['ghcr.io/stacklok/toolhive/operator:v0.47.0', true],
		['toolhive/operator', true],
		['example.com/mirror/toolhive/operator@sha256:00', true],
		['ghcr.io/stacklok/toolhive/proxyrunner:v0.47.0', false],
		['example.com/mytoolhive/operator:1', false],
		['example.com/toolhive/operator-bundle:1', false],
	] as const) {
		it(`${image} is an operator › ${expected}`, () => expect(isOperatorImage(image)).to.equal(expected));
	}
	it('a pre-release › does what the release before it does', () => {
		expect(whatOperatorDoes('v0.13.0-rc.1')).to.equal(whatOperatorDoes('v0.12.5'));
		expect(whatOperatorDoes('v0.13.0')).not.to.equal(whatOperatorDoes('v0.12.5'));
	});
});

describe('Kubernetes › response of /version', () => {
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
