/** Webhooks, reconciler and an operator that knows nothing of scaling, together: everything arrives, stays, and gets quiet. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { eventually } from '../harness/eventually.ts';
import { metricOf } from '../harness/metrics.ts';
import { serverManifest } from '../harness/namespace.ts';
import { createOldOperator, type OldOperator } from '../harness/old-operator/old-operator.ts';
import { useProduct } from '../harness/use-product.ts';

const REDIS = {
	provider: 'redis',
	address: 'redis.mcp.svc:6379',
	passwordRef: { name: 'redis-secret', key: 'password' },
};
const QUIET_MS = 8_000;

describe('converges beside an old operator on a real API server', function () {
	this.timeout(120_000);
	const { namespace, plane, product } = useProduct('converges', {
		flags: ['--settle-seconds=1', '--rollouts-per-minute=600'],
	});
	let operator: OldOperator;
	let isOver = false;
	let running: Promise<void>;
	before(() => {
		const { url, caFile, token } = plane();
		const images = { vmcp: 'ghcr.io/stacklok/toolhive/vmcp:v0.16.0' };
		operator = createOldOperator({
			url,
			ca: readFileSync(caFile, 'utf8'),
			token: token('operator'),
			namespace: namespace.name,
			images,
		});
		running = (async () => {
			while (!isOver) {
				await operator.settle(5_000);
				await sleep(200);
			}
		})();
	});
	after(async () => {
		isOver = true;
		await running;
		await operator.close();
	});

	const replicasOf = async (name: string): Promise<number> =>
		(await namespace.get('deployment', name))['spec'].replicas;
	const edit = (resource: string, name: string, spec: object) =>
		namespace.kubectl(['patch', resource, name, '--type=merge', '-p', JSON.stringify({ spec })]);
	const configOf = async (name: string, key: string): Promise<string> =>
		(await namespace.get('configmap', name))['data'][key];

	it('conditions stand beside the operator’s own, and a replica change reaches the live Deployment', async () => {
		await namespace.create(
			serverManifest('MCPServer', 'search', { transport: 'sse', replicas: 2, sessionStorage: REDIS }, 'v1alpha1'),
		);
		await eventually(async () => expect(await replicasOf('search')).to.equal(2));
		await edit('mcpserver', 'search', { replicas: 4 });
		await eventually(async () => expect(await replicasOf('search')).to.equal(4));
		const { phase, conditions } = (await namespace.get('mcpserver', 'search'))['status'];
		expect(phase).to.be.a('string');
		expect(conditions.map(({ type }: { type: string }) => type)).to.include.members([
			'ImageValidated',
			'SessionStorageWarning',
		]);
	});

	it('a vMCP gets its Redis although its operator writes the configuration only once', async () => {
		const spec = { incomingAuth: { type: 'anonymous' }, config: { groupRef: 'a' }, replicas: 3, sessionStorage: REDIS };
		await namespace.create(serverManifest('VirtualMCPServer', 'hub', spec, 'v1alpha1'));
		await eventually(async () =>
			expect(await configOf('hub-vmcp-config', 'config.yaml')).to.contain('address: redis.mcp.svc:6379'),
		);
		expect(await replicasOf('hub')).to.equal(3);
	});

	it('unset → 3 is carried, stdio 3 is not, sse → stdio comes down', async () => {
		await namespace.create(serverManifest('MCPServer', 'plain', { transport: 'sse' }, 'v1alpha1'));
		await namespace.create(serverManifest('MCPServer', 'files', { transport: 'stdio', replicas: 3 }, 'v1alpha1'));
		await eventually(async () => expect(await replicasOf('plain')).to.equal(1));
		await edit('mcpserver', 'plain', { replicas: 3 });
		await eventually(async () => expect(await replicasOf('plain')).to.equal(3));
		expect(await replicasOf('files')).to.equal(1);
		await edit('mcpserver', 'plain', { transport: 'stdio' });
		await eventually(async () => expect(await replicasOf('plain')).to.equal(1));
	});

	it('external cap: scaled while nobody was asked, it comes back to 1', async () => {
		await product().unregister();
		await sleep(1_000);
		await namespace.kubectl(['scale', 'deployment', 'files', '--replicas=4']);
		await eventually(async () => expect(await replicasOf('files')).to.equal(1));
		await product().register();
	});

	it('and then nobody writes anything new', async () => {
		let before = -1;
		await eventually(async () => {
			const now = await metricOf(product(), 'thv_scaling_reconciler_writes_total');
			const isSame = now === before;
			before = now;
			// In a cluster that is used by all suites the figure also counts what goes on with what the last one left.
			await sleep(5_000);
			expect(isSame).to.equal(true);
		}, 60_000);
		const versions = async (): Promise<string[]> => {
			const { stdout } = await namespace.kubectl([
				'get',
				'mcpservers,virtualmcpservers,deployments,configmaps',
				'-o',
				'json',
			]);
			const { items } = JSON.parse(stdout) as { items: { metadata: { name: string; resourceVersion: string } }[] };
			return items.map(({ metadata }) => `${metadata.name} ${metadata.resourceVersion}`);
		};
		const versionsBefore = await versions();
		await sleep(QUIET_MS);
		expect(await versions()).to.deep.equal(versionsBefore);
		expect(await metricOf(product(), 'thv_scaling_reconciler_writes_total')).to.equal(before);
	});
});
