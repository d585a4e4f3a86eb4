/**
 * Provides the control plane, the product and a namespace for one suite: processes on this machine, or what `make e2e`
 * installed in a cluster.
 */
import { after, before } from 'mocha';
import { INSTALLED, useInstalled } from '../../endurance/installed/harness.ts';
import { needControlPlane } from './control-plane/mocha.ts';
import type { ControlPlane } from './control-plane/start.ts';
import { type Namespace, useNamespace } from './namespace.ts';
import { type Product, type ProductOptions, type Served, startProduct } from './product.ts';

interface UsedProduct {
	readonly plane: () => ControlPlane;
	readonly product: () => Served;
	readonly namespace: Namespace;
}

export function useProduct(namespaceName: string, options: ProductOptions = {}): UsedProduct {
	if (INSTALLED !== undefined) return useInstalled(namespaceName, options);
	const plane = needControlPlane();
	let product: Product | undefined;
	before('product', async function () {
		this.timeout(60_000);
		product = await startProduct(plane(), options);
	});
	after('product', async function () {
		this.timeout(60_000);
		await product?.stop();
	});
	const namespace = useNamespace(plane, namespaceName);
	return { plane, namespace, product: () => product as Product };
}
