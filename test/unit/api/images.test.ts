import { expect } from 'chai';
import { isOlder, SINCE, type Version, versionOf, withVersion } from '../../../src/api/images.ts';

const VERSIONS: { image: string | undefined; is: Version | undefined }[] = [
	{ image: 'ghcr.io/stacklok/toolhive/proxyrunner:v0.12.5', is: 'v0.12.5' },
	{ image: 'ghcr.io/stacklok/toolhive/vmcp:0.13.1', is: 'v0.13.1' },
	{ image: 'localhost:5000/vmcp:v1.2.3', is: 'v1.2.3' },
	{ image: 'vmcp:v0.44.0@sha256:00ff', is: 'v0.44.0' },
	{ image: 'localhost:5000/vmcp', is: undefined },
	{ image: 'vmcp@sha256:00ff', is: undefined },
	{ image: 'vmcp:latest', is: undefined },
	{ image: 'vmcp:v0.13', is: undefined },
	{ image: 'vmcp:v0.13.1.2', is: undefined },
	{ image: 'vmcp:v99999999999999999.0.0', is: undefined },
	{ image: 'vmcp:my-v0.13.1', is: undefined },
	{ image: '', is: undefined },
	{ image: undefined, is: undefined },
];

describe('version of an image', () => {
	for (const { image, is } of VERSIONS) {
		it(`${image === undefined ? 'no image' : `"${image}"`}: ${is ?? 'unknown'}`, () => {
			expect(versionOf(image)).to.deep.equal(is);
		});
	}
	it('a release candidate is older than its release and newer than the one before', () => {
		const candidate = versionOf('vmcp:v0.13.1-rc.2') as Version;
		expect(isOlder(candidate, 'v0.13.1')).to.equal(true);
		expect(isOlder('v0.13.0', candidate)).to.equal(true);
	});
});

describe('an image of another release', () => {
	for (const [image, wanted] of [
		['localhost:5000/vmcp:v1.2.3', 'localhost:5000/vmcp:v0.47.0'],
		['localhost:5000/vmcp', 'localhost:5000/vmcp:v0.47.0'],
		['vmcp:v0.44.0@sha256:00ff', 'vmcp:v0.47.0'],
		['vmcp@sha256:00ff', 'vmcp:v0.47.0'],
	] as const) {
		it(`"${image}" › "${wanted}"`, () => expect(withVersion(image, 'v0.47.0')).to.equal(wanted));
	}
});

const ORDER: { a: Version; b: Version; older: boolean }[] = [
	{ a: 'v0.12.5', b: 'v0.13.0', older: true },
	{ a: 'v0.9.0', b: 'v0.10.0', older: true },
	{ a: 'v0.13.1', b: 'v0.13.1', older: false },
	{ a: 'v1.0.0', b: 'v0.99.99', older: false },
	{ a: 'v0.13.2', b: 'v0.13.10', older: true },
	{ a: 'v0.18.0-rc1', b: 'v0.18.0', older: true },
	{ a: 'v0.18.0-rc.2', b: 'v0.18.0-rc.10', older: true },
	{ a: 'v0.18.0', b: 'v0.18.0-rc1', older: false },
];

describe('older', () => {
	for (const { a, b, older } of ORDER) {
		it(`${a} is ${older ? '' : 'not '}older than ${b}`, () => {
			expect(isOlder(a, b)).to.equal(older);
		});
	}
});

describe('what needs which version (TOOLHIVE.md 2.6)', () => {
	it('is this table', () => {
		expect(SINCE).to.deep.equal({
			runnerBackendReplicas: 'v0.12.5',
			runnerKeepsEnvOrder: 'v0.27.0',
			runnerSessionRedis: 'v0.16.0',
			vmcpAcceptsSessionStorage: 'v0.13.1',
			vmcpUsesSessionStorage: 'v0.16.0',
		});
	});
});
