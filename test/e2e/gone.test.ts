/** An API server that is gone for a while, and comes back with a compacted etcd. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { compact } from '../harness/control-plane/compact.ts';
import { needControlPlane } from '../harness/control-plane/mocha.ts';
import { type ControlPlane, startControlPlane } from '../harness/control-plane/start.ts';
import { eventually } from '../harness/eventually.ts';
import { serverManifest } from '../harness/namespace.ts';
import { type Product, startProduct } from '../harness/product.ts';

const GONE_MS = 60_000;
const FLAGS = ['--settle-seconds=1', '--leader-elect=false'];

describe('an API server that was gone', function () {
	this.timeout(180_000);
	needControlPlane();
	let plane: ControlPlane;
	let product: Product | undefined;
	before(async () => {
		// One of its own, because it is stopped.
		plane = await startControlPlane();
	});
	after(async () => {
		await product?.stop();
		await plane?.stop();
	});

	it('every change made meanwhile is converged, without a restart of ours', async () => {
		product = await startProduct(plane, { isRegistered: false, flags: FLAGS });
		const conditionsOf = async (name: string): Promise<unknown[]> => {
			const { stdout } = await plane.kubectl(['get', 'mcpserver', name, '-o', 'json']);
			return JSON.parse(stdout).status?.conditions ?? [];
		};
		const create = (name: string) =>
			plane.kubectl(['create', '-f', '-'], {
				input: JSON.stringify(serverManifest('MCPServer', name, { transport: 'sse', replicas: 2 })),
			});
		await create('before');
		await eventually(async () => expect(await conditionsOf('before')).to.have.length(1));
		await plane.stopApiServer();
		await sleep(GONE_MS);
		await plane.startApiServer();
		await create('after');
		await compact(plane.etcdUrl);
		await eventually(async () => expect(await conditionsOf('after')).to.have.length(1), 60_000);
	});
});
