import { expect } from 'chai';
import { acceptsSessionStorage, imageRefusesConfig } from '../../../src/policy/image-age.ts';
import { scenario } from '../../harness/servers.ts';

const vmcp = (image: string) => scenario(`VirtualMCPServer, redis${image}`);

describe('vMCP image › is it known to accept sessionStorage', () => {
	for (const [image, accepts] of [
		[', image :v0.13.1', true],
		[', image :v0.62.0', true],
		[', image :v0.13.0', false],
		[', image :v0.13.1-rc.1', false],
		[', image :latest', false],
		[', image @sha256:0a', false],
		[', image without tag', false],
		['', false],
	] as const) {
		it(`redis${image} › ${accepts}`, () => {
			const { server, clusterContext } = vmcp(image);
			expect(acceptsSessionStorage(server, clusterContext)).to.equal(accepts);
		});
	}
	for (const [image, message] of [
		['', /unknown.*v0\.13\.1/],
		[', image :v0.12.5', /v0\.13\.1.*v0\.12\.5/],
	] as const) {
		it(`redis${image}, not written › the warning matches ${message}`, () => {
			const facts = { isReadable: true, hasTls: false, isRefusedByImage: true };
			expect(imageRefusesConfig({ ...vmcp(image), ...facts })?.message).to.match(message);
		});
	}
});
