import { expect } from 'chai';
import { isOlder, SINCE, type Version, versionOf, versionText, withVersion } from '../../src/api/images.ts';

const VERSIONS: { image: string | undefined; is: Version | undefined }[] = [
	{ image: 'ghcr.io/stacklok/toolhive/proxyrunner:v0.12.5', is: [0, 12, 5] },
	{ image: 'ghcr.io/stacklok/toolhive/vmcp:0.13.1', is: [0, 13, 1] },
	{ image: 'localhost:5000/vmcp:v1.2.3', is: [1, 2, 3] },
	{ image: 'vmcp:v0.44.0@sha256:00ff', is: [0, 44, 0] },
	{ image: 'localhost:5000/vmcp', is: undefined },
	{ image: 'vmcp@sha256:00ff', is: undefined },
	{ image: 'vmcp:latest', is: undefined },
	{ image: 'vmcp:v0.13', is: undefined },
	{ image: 'vmcp:v0.13.1.2', is: undefined },
	{ image: 'vmcp:v99999999999.0.0', is: undefined },
	{ image: 'vmcp:my-v0.13.1', is: undefined },
	{ image: '', is: undefined },
	{ image: undefined, is: undefined },
];

describe('version of an image', () => {
	for (const { image, is } of VERSIONS) {
		it(`${image === undefined ? 'no image' : `"${image}"`}: ${is === undefined ? 'unknown' : versionText(is)}`, () => {
			expect(versionOf(image)).to.deep.equal(is);
		});
	}
	it('a release candidate is older than its release and newer than the one before', () => {
		const candidate = versionOf('vmcp:v0.13.1-rc.2') as Version;
		expect(isOlder(candidate, [0, 13, 1])).to.equal(true);
		expect(isOlder([0, 13, 0], candidate)).to.equal(true);
	});
});

describe('an image of another release', () => {
	for (const [image, wanted] of [
		['localhost:5000/vmcp:v1.2.3', 'localhost:5000/vmcp:v0.47.0'],
		['localhost:5000/vmcp', 'localhost:5000/vmcp:v0.47.0'],
		['vmcp:v0.44.0@sha256:00ff', 'vmcp:v0.47.0'],
		['vmcp@sha256:00ff', 'vmcp:v0.47.0'],
	] as const) {
		it(`"${image}" › "${wanted}"`, () => expect(withVersion(image, [0, 47, 0])).to.equal(wanted));
	}
});

const ORDER: { a: Version; b: Version; older: boolean }[] = [
	{ a: [0, 12, 5], b: [0, 13, 0], older: true },
	{ a: [0, 9, 0], b: [0, 10, 0], older: true },
	{ a: [0, 13, 1], b: [0, 13, 1], older: false },
	{ a: [1, 0, 0], b: [0, 99, 99], older: false },
	{ a: [0, 13, 2], b: [0, 13, 10], older: true },
];

describe('older', () => {
	for (const { a, b, older } of ORDER) {
		it(`${versionText(a)} is ${older ? '' : 'not '}older than ${versionText(b)}`, () => {
			expect(isOlder(a, b)).to.equal(older);
		});
	}
});

describe('what needs which version (TOOLHIVE.md 2.6)', () => {
	it('is this table', () => {
		expect(Object.fromEntries(Object.entries(SINCE).map(([what, since]) => [what, versionText(since)]))).to.deep.equal({
			runnerBackendReplicas: 'v0.12.5',
			runnerKeepsEnvOrder: 'v0.27.0',
			runnerSessionRedis: 'v0.16.0',
			vmcpAcceptsSessionStorage: 'v0.13.1',
			vmcpUsesSessionStorage: 'v0.16.0',
		});
	});
});
