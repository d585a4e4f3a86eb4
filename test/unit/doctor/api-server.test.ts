import { expect } from 'chai';
import { describe, it } from 'mocha';
import { apiServer, knowsDryRun } from '../../../src/doctor/api-server.ts';
import { reports } from './results.ts';

const of = (gitVersion: string) => () => apiServer('URL', { gitVersion });
const IS = 'Kubernetes at URL is';

describe('doctor › API server', () => {
	reports('a version of a vendor', of('v1.31.2-eks-7f9249a'), [`ok: ${IS} v1.31.2-eks-7f9249a`]);
	reports('a version that is too old', of('v1.29.14'), [
		`fail: ${IS} v1.29.14: … → upgrade the cluster to v1.30.0 or later`,
	]);
	reports('no version', () => apiServer('URL', {}), ['warn: … does not report its version']);
	it('dryRun › supported from v1.18.0', () =>
		expect(['v1.17.9', 'v1.18.0'].map((gitVersion) => knowsDryRun({ gitVersion }))).to.deep.equal([false, true]));
});
