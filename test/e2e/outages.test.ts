/** A CRD or a permission is missing: the product reports it, and continues with the other resources. */
import { expect } from 'chai';
import { needControlPlane } from '../harness/control-plane/mocha.ts';
import type { ControlPlane } from '../harness/control-plane/start.ts';
import { eventually } from '../harness/eventually.ts';
import { serverManifest } from '../harness/namespace.ts';
import { applyCrds, mustSucceed, type Product, startProduct } from '../harness/product.ts';

const FLAGS = ['--settle-seconds=1', '--leader-elect=false'];
const CRD = 'mcpremoteproxies.toolhive.stacklok.dev';

describe('a missing CRD or permission', function () {
	this.timeout(120_000);
	// This suite needs its own control plane, because it deletes CRDs and roles.
	const controlPlane = needControlPlane({ isOwn: true });
	let plane: ControlPlane;
	let product: Product;
	before(async () => {
		plane = controlPlane();
		await applyCrds(plane);
		await mustSucceed(admin('delete', 'crd', CRD));
		product = await startProduct(plane, { hasWebhooks: false, flags: FLAGS, crds: 'theirs' });
	});
	after(() => product?.stop());

	const admin = (...args: string[]) => plane.kubectl(args, { user: 'admin' });
	const create = (kind: string, name: string) => {
		const input = JSON.stringify(serverManifest(kind, name, { transport: 'sse', replicas: 2 }));
		return mustSucceed(plane.kubectl(['create', '-f', '-'], { input }));
	};
	const hasCondition = (kind: string, name: string): Promise<void> =>
		eventually(async () => {
			const { stdout } = await plane.kubectl(['get', kind, name, '-o', 'json']);
			expect(JSON.parse(stdout).status?.conditions ?? []).to.have.length(1);
		}, 60_000);
	const isLogged = (message: string, text: string): boolean =>
		product.log().some((line) => line['msg'] === message && JSON.stringify(line).includes(text));

	it('a CRD is not installed › reported; other kinds are reconciled; after the installation, its servers are reconciled', async () => {
		const missing = 'resource is not installed, waiting for it';
		await eventually(async () => expect(isLogged(missing, 'mcpremoteproxies')).to.equal(true));
		await create('MCPServer', 'meanwhile');
		await hasCondition('mcpserver', 'meanwhile');
		await applyCrds(plane);
		await eventually(() => create('MCPRemoteProxy', 'late'));
		await hasCondition('mcpremoteproxy', 'late');
		expect(isLogged('resource was installed', 'mcpremoteproxies')).to.equal(true);
	});

	it('a permission is missing › the log contains verb and resource; other kinds are still reconciled', async () => {
		const dropped = ['virtualmcpservers', 'horizontalpodautoscalers', 'mcpservers/status'];
		const role = JSON.parse((await mustSucceed(admin('get', 'clusterrole', 'toolhive-scaling', '-o', 'json'))).stdout);
		const rules = (role.rules as { resources: string[] }[]).flatMap((rule) => {
			const resources = rule.resources.filter((one) => !dropped.includes(one));
			return resources.length > 0 ? [{ ...rule, resources }] : [];
		});
		const less = { ...role, rules };
		await mustSucceed(plane.kubectl(['replace', '-f', '-'], { user: 'admin', input: JSON.stringify(less) }));
		await product.stop();
		product = await startProduct(plane, { hasWebhooks: false, flags: FLAGS, withoutAccess: true, isReady: false });
		await create('MCPServer', 'refused');
		await create('MCPRemoteProxy', 'fine');
		await hasCondition('mcpremoteproxy', 'fine');
		await eventually(async () => {
			expect(isLogged('watch interrupted', 'cannot list resource \\"virtualmcpservers\\"')).to.equal(true);
			expect(isLogged('watch interrupted', 'cannot list resource \\"horizontalpodautoscalers\\"')).to.equal(true);
			expect(isLogged('reconcile failed', 'cannot patch resource \\"mcpservers/status\\"')).to.equal(true);
		});
		const ready = await fetch(`http://127.0.0.1:${product.metricsPort}/readyz`);
		expect([ready.status, await ready.text()]).to.deep.equal([503, 'virtualmcpservers: not listed yet\n']);
	});
});
