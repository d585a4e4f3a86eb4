/** The product comes to servers that the operator has settled. */
import { expect } from 'chai';
import { eventually } from '../../test/harness/eventually.ts';
import { metricOf } from '../../test/harness/metrics.ts';
import type { Product, ProductOptions } from '../../test/harness/product.ts';
import type { Stage } from './harness.ts';
import { EXAMPLES } from './servers.ts';

/** Starts it and resolves when it has looked at every example of one namespace and wants nothing more. */
export async function arrive(stage: Stage, options: ProductOptions = {}): Promise<Product> {
	const product = await stage.startProduct(options);
	await eventually(async () => {
		expect(await metricOf(product, 'thv_scaling_reconcile_total')).to.be.at.least(EXAMPLES.length);
		expect(await metricOf(product, 'thv_scaling_reconciler_queued')).to.equal(0);
	}, 90_000);
	return product;
}
