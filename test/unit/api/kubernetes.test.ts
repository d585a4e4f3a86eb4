import { expect } from 'chai';
import { describe, it } from 'mocha';
import { isTooOld, kubernetesVersionOf } from '../../../src/api/kubernetes.ts';

describe('kubernetes › answer of /version', () => {
	for (const [gitVersion, version, tooOld] of [
		['v1.30.0', 'v1.30.0', false],
		['v1.29.15', 'v1.29.15', true],
		['v1.30.0-eks-1234', 'v1.30.0', false],
		['v1.36.0+k3s1', 'v1.36.0', false],
		['v1.31.2-gke.1.2.3', 'v1.31.2', false],
	] as const) {
		it(`${gitVersion} › ${version}, ${tooOld ? 'too old' : 'supported'}`, () => {
			expect(kubernetesVersionOf({ gitVersion })).to.equal(version);
			expect(isTooOld(version)).to.equal(tooOld);
		});
	}
	for (const answer of [undefined, null, [], {}, { gitVersion: 1 }, { gitVersion: '1.30.0' }, { gitVersion: 'v1.30' }])
		it(`${JSON.stringify(answer)} › unknown`, () => expect(kubernetesVersionOf(answer)).to.equal(undefined));
});
