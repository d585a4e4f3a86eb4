import { expect } from 'chai';
import { acceptsSessionStorage } from '../../../src/policy/image-age.ts';
import { scenario } from '../../harness/servers.ts';

describe('vMCP image › whether it is known to accept sessionStorage', () => {
	for (const [isAccepted, images] of [
		[true, ['image :v0.13.1', 'image :v0.62.0']],
		[
			false,
			['image :v0.13.0', 'image :v0.13.1-rc.1', 'image :latest', 'image @sha256:0a', 'image without tag', 'no image'],
		],
	] as const) {
		for (const image of images) {
			it(`${image} › ${isAccepted}`, () => {
				const { server, clusterContext } = scenario(`VirtualMCPServer, ${image}`);
				expect(acceptsSessionStorage(server, clusterContext)).to.equal(isAccepted);
			});
		}
	}
});
