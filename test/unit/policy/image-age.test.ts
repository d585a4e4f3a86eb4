import { expect } from 'chai';
import type { ClusterContext } from '../../../src/policy/finding.ts';
import { acceptsSessionStorage, imageRefusesConfig } from '../../../src/policy/image-age.ts';
import { image, redis, server } from '../../harness/servers.ts';

const vmcp = server({ sessionStorage: redis }, 'VirtualMCPServer');

describe('vMCP image › is it known to accept sessionStorage', () => {
	for (const [tag, accepts] of [
		[':v0.13.1', true],
		[':v0.62.0', true],
		[':v0.13.0', false],
		[':v0.13.1-rc.1', false],
		[':latest', false],
		['@sha256:0a', false],
		['', false],
	] as const) {
		it(`tag "${tag}" › ${accepts}`, () => expect(acceptsSessionStorage(vmcp, image(tag))).to.equal(accepts));
	}
	it('no Deployment › false', () => expect(acceptsSessionStorage(vmcp, {})).to.equal(false));

	const facts = { server: vmcp, isReadable: true, hasTls: false, isRefusedByImage: true };
	const refused = (clusterContext: ClusterContext) => imageRefusesConfig({ ...facts, clusterContext })?.message;
	it('no Deployment › the warning names the version that accepts it', () => {
		expect(refused({})).to.include('unknown').and.include('v0.13.1');
	});
	it('an older image › the warning names both versions', () => {
		expect(refused(image(':v0.12.5')))
			.to.include('v0.13.1')
			.and.include('v0.12.5');
	});
});
