/** CRDs that come later, and permissions that are missing: said, and the rest goes on. */
import { expect } from 'chai';
import { needControlPlane } from '../harness/control-plane/mocha.ts';
import { type ControlPlane, startControlPlane } from '../harness/control-plane/start.ts';
import { eventually } from '../harness/eventually.ts';
import { serverManifest } from '../harness/namespace.ts';
import { mustSucceed, type Product, startProduct } from '../harness/product.ts';

const FLAGS = ['--settle-seconds=1', '--leader-elect=false'];

describe('a cluster that lacks something', function () {
	this.timeout(120_000);
	needControlPlane();
	let plane: ControlPlane;
	let product: Product;
	before(async () => {
		// One of its own, because CRDs and roles are taken away.
		plane = await startControlPlane();
		product = await startProduct(plane, { isRegistered: false, flags: FLAGS });
		await product.stop();
	});
	afterEach(() => product.stop());
	after(() => plane?.stop());

	const admin = (...args: string[]) => plane.kubectl(args, { user: 'admin' });
	const create = (kind: string, name: string) =>
		mustSucceed(
			plane.kubectl(['create', '-f', '-'], {
				input: JSON.stringify(serverManifest(kind, name, { transport: 'sse', replicas: 2 })),
			}),
		);
	const conditionsOf = async (kind: string, name: string): Promise<unknown[]> =>
		JSON.parse((await plane.kubectl(['get', kind, name, '-o', 'json'])).stdout).status?.conditions ?? [];
	const said = (message: string, text: string): boolean =>
		product.log().some((line) => line['msg'] === message && JSON.stringify(line).includes(text));

	it('a kind that is not installed is said, waited for, and picked up; the others go on meanwhile', async () => {
		const crd = 'mcpremoteproxies.toolhive.stacklok.dev';
		const { stdout } = await mustSucceed(admin('get', 'crd', crd, '-o', 'yaml'));
		await mustSucceed(admin('delete', 'crd', crd));
		product = await startProduct(plane, { isRegistered: false, flags: FLAGS, crds: 'theirs' });
		await eventually(async () =>
			expect(said('resource is not installed, waiting for it', 'mcpremoteproxies')).to.equal(true),
		);
		await create('MCPServer', 'meanwhile');
		await eventually(async () => expect(await conditionsOf('mcpserver', 'meanwhile')).to.have.length(1));
		await mustSucceed(
			plane.kubectl(['apply', '-f', '-'], {
				user: 'admin',
				input: stdout.replace(/^ {2}(resourceVersion|uid):.*\n/gm, ''),
			}),
		);
		await eventually(() => create('MCPRemoteProxy', 'late'));
		await eventually(async () => expect(await conditionsOf('mcpremoteproxy', 'late')).to.have.length(1), 40_000);
		expect(said('resource was installed', 'mcpremoteproxies')).to.equal(true);
	});

	it('a missing permission is said with verb and resource; other kinds are still reconciled', async () => {
		const drop = (resource: string) => (rule: { resources: string[] }) => ({
			...rule,
			resources: rule.resources.filter((one) => one !== resource),
		});
		const role = JSON.parse((await mustSucceed(admin('get', 'clusterrole', 'toolhive-scaling', '-o', 'json'))).stdout);
		const rules = role.rules
			.map(drop('virtualmcpservers'))
			.map(drop('horizontalpodautoscalers'))
			.map(drop('mcpservers/status'));
		const less = { ...role, rules: rules.filter((rule: { resources: string[] }) => rule.resources.length > 0) };
		await mustSucceed(plane.kubectl(['replace', '-f', '-'], { user: 'admin', input: JSON.stringify(less) }));
		product = await startProduct(plane, { isRegistered: false, flags: FLAGS, withoutAccess: true, isReady: false });
		await create('MCPServer', 'refused');
		await create('MCPRemoteProxy', 'fine');
		await eventually(async () => expect(await conditionsOf('mcpremoteproxy', 'fine')).to.have.length(1));
		await eventually(async () => {
			expect(said('watch interrupted', 'cannot list resource \\"virtualmcpservers\\"')).to.equal(true);
			expect(said('watch interrupted', 'cannot list resource \\"horizontalpodautoscalers\\"')).to.equal(true);
			expect(said('pass failed', 'cannot patch resource \\"mcpservers/status\\"')).to.equal(true);
		});
		const ready = await fetch(`http://127.0.0.1:${product.metricsPort}/readyz`);
		expect([ready.status, await ready.text()]).to.deep.equal([503, 'virtualmcpservers: not listed yet\n']);
	});
});
