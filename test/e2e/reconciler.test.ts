/** Writes by the reconciler on a real API server. */
import { expect } from 'chai';
import { eventually } from '../harness/eventually.ts';
import { metricOf } from '../harness/metrics.ts';
import { type Stored, serverManifest } from '../harness/namespace.ts';
import { type Owner, proxyDeployment, runConfigMap } from '../harness/operator-writes.ts';
import { mustSucceed } from '../harness/product.ts';
import { useProduct } from '../harness/use-product.ts';

const REDIS = { provider: 'redis', address: 'redis.mcp.svc:6379' };

describe('reconciler on a real API server', function () {
	this.timeout(90_000);
	const { namespace, product } = useProduct('reconciled', { flags: ['--settle-seconds=1'] });

	const server = async (kind: string, name: string, spec: object): Promise<Owner> => {
		const { metadata } = await namespace.create(serverManifest(kind, name, spec));
		return { kind, name, namespace: namespace.name, uid: metadata.uid };
	};
	const edit = (resource: string, name: string, spec: object) =>
		mustSucceed(namespace.kubectl(['patch', resource, name, '--type=merge', '-p', JSON.stringify({ spec })]));
	const conditions = async (kind: string, name: string): Promise<Record<string, string>[]> =>
		(await namespace.get(kind, name))['status']?.conditions ?? [];
	const condition = async (kind: string, name: string, type: string) =>
		(await conditions(kind, name)).find((one) => one['type'] === type);
	const replicasOf = async (name: string): Promise<number> =>
		(await namespace.get('deployment', name))['spec'].replicas;

	it('TestSpecDrivenStdioCapAt1: stdio with 3, then 1 › the condition is True, then False', async () => {
		await server('MCPServer', 'files', { transport: 'stdio', replicas: 3 });
		await eventually(async () => {
			expect(await condition('mcpserver', 'files', 'StdioReplicaCapped')).to.deep.include({
				status: 'True',
				reason: 'StdioTransportCapAt1',
				message: 'stdio transport requires exactly 1 replica; deployment will use 1 regardless of spec.replicas',
				observedGeneration: 1,
			});
		});
		await edit('mcpserver', 'files', { replicas: 1 });
		await eventually(async () => {
			const all = await conditions('mcpserver', 'files');
			expect(all.map(({ type, status, reason }) => [type, status, reason])).to.deep.equal([
				['StdioReplicaCapped', 'False', 'StdioReplicaCapNotActive'],
				['SessionStorageWarning', 'False', 'SessionStorageWarningNotApplicable'],
			]);
		});
	});

	it('replicas 2 to 4 › applied; scaled to 6, then edited and unset › stays 6', async () => {
		const owner = await server('MCPServer', 'search', { transport: 'sse', replicas: 2 });
		await namespace.create(proxyDeployment(owner), 'operator');
		await edit('mcpserver', 'search', { replicas: 4 });
		await eventually(async () => expect(await replicasOf('search')).to.equal(4));
		await namespace.kubectl(['scale', 'deployment', 'search', '--replicas=6']);
		const reconciles = await metricOf(product(), 'thv_scaling_reconcile_total');
		await edit('mcpserver', 'search', { args: ['--more'] });
		await eventually(async () =>
			expect(await metricOf(product(), 'thv_scaling_reconcile_total')).to.be.above(reconciles),
		);
		expect(await replicasOf('search'), 'edited while replicas is 4').to.equal(6);
		await edit('mcpserver', 'search', { replicas: null });
		await eventually(async () => {
			const { metadata } = await namespace.get('deployment', 'search');
			expect(metadata.annotations ?? {}).not.to.have.property('toolhive-scaling/applied-replicas');
		});
		expect(await replicasOf('search')).to.equal(6);
	});

	it('Redis is configured and removed while the operator writes nothing › the reconciler updates the RunConfig', async () => {
		const owner = await server('MCPServer', 'redis', { transport: 'sse' });
		const json = '{\n  "schema_version": "v0.1.0",\n  "name": "redis"\n}';
		const first = await namespace.create(runConfigMap(owner, json), 'operator');
		await edit('mcpserver', 'redis', { sessionStorage: REDIS });
		let second: Stored | undefined;
		await eventually(async () => {
			second = await namespace.get('configmap', 'redis-runconfig');
			expect(JSON.parse(second['data']['runconfig.json']).session_redis).to.deep.equal({
				address: 'redis.mcp.svc:6379',
				db: 0,
			});
		});
		expect(second?.metadata.annotations).not.to.deep.equal(first.metadata.annotations);
		await edit('mcpserver', 'redis', { sessionStorage: null });
		await eventually(async () => {
			const third = await namespace.get('configmap', 'redis-runconfig');
			expect(third['data']['runconfig.json']).to.equal(json);
			expect(third.metadata.annotations).to.deep.equal(first.metadata.annotations);
		});
	});

	it('each write › creates an Event, which kubectl events and kubectl describe show', async () => {
		await eventually(async () => {
			const { stdout } = await namespace.kubectl(['get', 'events.events.k8s.io', '-o', 'json']);
			const reasons = (JSON.parse(stdout).items as { reason: string; regarding: { name: string } }[]).map(
				({ reason, regarding }) => `${regarding.name} ${reason}`,
			);
			expect(reasons).to.include.members([
				'files StdioReplicaCapped',
				'search ReplicasApplied',
				'redis ScalingBackfilled',
			]);
		});
		// Runs the commands in docs/first-ten-minutes.md.
		const shown = async (...args: string[]): Promise<string> => (await namespace.kubectl(args)).stdout;
		expect(await shown('events', '--for', 'mcpserver/files')).to.contain('StdioReplicaCapped');
		expect(await shown('describe', 'mcpserver', 'files')).to.match(/Type:\s+StdioReplicaCapped/);
	});
});
