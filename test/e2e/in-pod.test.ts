/** Runs the product as in a pod: without a kubeconfig, but with the files of a service account and two variables. */
import { expect } from 'chai';
import { needControlPlane } from '../harness/control-plane/mocha.ts';
import { MAIN } from '../harness/main-file.ts';
import { serverManifest } from '../harness/namespace.ts';
import { canBePod } from '../harness/pod.ts';
import { type Product, startProduct } from '../harness/product.ts';

/** A hook that rejects imports of the Kubernetes client, because a pod does not need its 50 MiB of models. */
const WITHOUT_CLIENT = `data:text/javascript,import { registerHooks } from 'node:module';
registerHooks({ resolve(name, context, next) {
	if (name.startsWith('@kubernetes/client-node')) throw new Error('loads the client');
	return next(name, context);
} });`.replaceAll('\n', ' ');

describe('serve in a pod', function () {
	this.timeout(60_000);
	const plane = needControlPlane();
	let product: Product | undefined;
	before(function () {
		if (!canBePod) this.skip();
	});
	after(() => product?.stop());

	it('started without a kubeconfig › ready and called, and the Kubernetes client is not loaded', async () => {
		product = await startProduct(plane(), { inPod: true, program: ['--import', WITHOUT_CLIENT, MAIN] });
		const server = serverManifest('MCPServer', 'files', { transport: 'stdio', replicas: 3 });
		const created = ['create', '--dry-run=server', '-f', '-'];
		const { stderr } = await plane().kubectl(created, { input: JSON.stringify(server) });
		expect(stderr).to.include('stdio runs exactly 1 replica');
	});
});
