/** From the previous version to this one while people go on applying, as docs/install.md has it: nobody notices. */
import { expect } from 'chai';
import { applyCrds } from '../../test/harness/product.ts';
import { isTrusted, needCluster } from './harness.ts';
import { podsOf } from './installation.ts';
import { storedData } from './secret.ts';
import { unnoticed } from './unnoticed.ts';

describe('upgrade', function () {
	this.timeout(300_000);
	const cluster = needCluster();
	const { E2E_PREVIOUS_IMAGE: image = '', E2E_PREVIOUS_MANIFESTS: manifests = '' } = process.env;

	before('previous version', async function () {
		if (image === '') this.skip();
		await applyCrds(cluster().plane);
		await cluster().installation.install({ image, manifests });
		await isTrusted(cluster().plane);
	});

	it('every call is answered, the certificates stay, and both pods are of this version', async () => {
		const { plane, installation } = cluster();
		const before = await storedData(plane);
		await unnoticed(plane, () => installation.install());
		expect(await storedData(plane)).to.deep.equal(before);
		const images = (await podsOf(plane)).map(({ spec }) => spec.containers[0]?.image);
		expect(images).to.deep.equal([process.env['E2E_IMAGE'], process.env['E2E_IMAGE']]);
	});
});
