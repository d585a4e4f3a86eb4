import { expect } from 'chai';
import { acceptsSessionStorage, imageRefusesConfig } from '../../../src/policy/image-age.ts';
import { scenario } from '../../harness/servers.ts';

const vmcp = (words: string) => scenario(`VirtualMCPServer, redis, ${words}`);

describe('vMCP image › is it known to accept sessionStorage', () => {
	for (const [isAccepted, images] of [
		[true, ['image :v0.13.1', 'image :v0.62.0']],
		[
			false,
			['image :v0.13.0', 'image :v0.13.1-rc.1', 'image :latest', 'image @sha256:0a', 'image without tag', 'no image'],
		],
	] as const) {
		for (const image of images) {
			it(`${image} › ${isAccepted}`, () => {
				const { server, clusterContext } = vmcp(image);
				expect(acceptsSessionStorage(server, clusterContext)).to.equal(isAccepted);
			});
		}
	}
	for (const [image, message] of [
		['no image', /unknown.*v0\.13\.1/],
		['image :v0.12.5', /v0\.13\.1.*v0\.12\.5/],
	] as const) {
		it(`${image}, the section is not written › the warning matches ${message}`, () => {
			const facts = { isReadable: true, hasTls: false, isRefusedByImage: true };
			expect(imageRefusesConfig({ ...vmcp(image), ...facts })?.message).to.match(message);
		});
	}
});
