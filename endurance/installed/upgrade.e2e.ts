/** Tests an upgrade from the previous version, as docs/install.md describes it. */
import { expect } from 'chai';
import { applyCrds } from '../../test/harness/product.ts';
import { useCluster } from './harness.ts';
import { waitForWebhooks } from './installation.ts';
import { expectNoFailures } from './load.ts';
import { runningPods } from './pods.ts';
import { readSecret } from './secret.ts';

describe('upgrade', function () {
	this.timeout(300_000);
	const cluster = useCluster();
	const { E2E_IMAGE, E2E_PREVIOUS_IMAGE: image = '', E2E_PREVIOUS_MANIFESTS: manifests = '' } = process.env;

	before('previous version', async function () {
		if (image === '') this.skip();
		await applyCrds(cluster().plane);
		await cluster().installation.install({ image, manifests });
		await waitForWebhooks(cluster().plane);
	});

	it('under load › no call fails, the certificates are kept, and both pods have the new version', async () => {
		const { plane, installation } = cluster();
		const before = await readSecret(plane);
		await expectNoFailures(plane, () => installation.install());
		expect(await readSecret(plane)).to.deep.equal(before);
		const images = (await runningPods(plane)).map(({ spec }) => spec.containers[0]?.image);
		expect(images).to.deep.equal([E2E_IMAGE, E2E_IMAGE]);
	});
});
