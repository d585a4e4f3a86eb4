import { expect } from 'chai';
import { describe, it } from 'mocha';
import { named, needOldOperator, SCALING, SEARCH, server } from '../../harness/old-operator/need-old-operator.ts';
import type { ConfigMap, Deployment, ServerObject } from '../../harness/old-operator/objects.ts';

const FILES = {
	image: 'ghcr.io/example/files-mcp:1.4.0',
	transport: 'stdio',
	proxyMode: 'streamable-http',
	proxyPort: 8080,
};

describe('old operator: MCPServer', function () {
	this.timeout(60_000);
	const { apply, get, kubectl, operator, patch, settle } = needOldOperator();

	it('loses its scaling fields, and only them, one pass after it was applied', async () => {
		await apply(server('MCPServer', 'search', { ...SEARCH, ...SCALING, backendReplicas: 2 }));
		expect((await get<ServerObject>('mcpserver', 'search')).spec).to.deep.include(SCALING);
		await operator().reconcile('MCPServer', 'search');
		const { metadata, spec } = await get<ServerObject>('mcpserver', 'search');
		expect(spec).to.deep.equal({ ...SEARCH, resources: { limits: {}, requests: {} } });
		expect(metadata.finalizers).to.deep.equal(['mcpserver.toolhive.stacklok.dev/finalizer']);
	});

	it('keeps scaling fields that are set after its finalizer is there', async () => {
		await apply(server('MCPServer', 'search', SEARCH));
		await settle();
		await patch('mcpserver', 'search', { spec: { ...SCALING, backendReplicas: 2 } });
		const { writes } = await settle();
		expect((await get<ServerObject>('mcpserver', 'search')).spec).to.deep.include(SCALING);
		expect(new Set(named(writes)), 'nothing reaches Deployment or ConfigMap').to.deep.equal(
			new Set(['PUT mcpservers/status (no-op)']),
		);
	});

	it('gets one replica, no Redis and no password, whatever was asked', async () => {
		await apply(server('MCPServer', 'search', { ...SEARCH, ...SCALING, backendReplicas: 2 }));
		await settle();
		const deployment = await get<Deployment>('deployment', 'search');
		expect(deployment.spec.replicas).to.equal(1);
		expect(deployment.spec.template.spec.containers[0]?.env?.map(({ name }) => name)).to.deep.equal([
			'EXTRA_TRACE',
			'XDG_CONFIG_HOME',
			'HOME',
			'TOOLHIVE_RUNTIME',
			'UNSTRUCTURED_LOGS',
		]);
		expect(deployment.spec.template.spec.containers[0]?.args).to.deep.equal([
			'run',
			'--k8s-pod-patch={"metadata":{},"spec":{"containers":[],"serviceAccountName":"search-sa"}}',
			'ghcr.io/example/search-mcp:2.0.1',
		]);
		const config = await get<ConfigMap>('configmap', 'search-runconfig');
		expect(config.data['runconfig.json'])
			.to.contain('a=1\\u0026b=\\u003c2\\u003e')
			.and.not.match(/scaling|redis/);
	});

	it('has the checksums of the real operator', async () => {
		await apply(server('MCPServer', 'search', SEARCH), server('MCPServer', 'files', FILES));
		await settle();
		const known = {
			search: '535b8ab9e7d1dadfc247f23cd39b53ce3e08140affef0613edba50c9c6fdd74c',
			files: '7b7ed74105f1034f3f762cf4706552f18f53c727c1ae1a2256171317483340bd',
		};
		for (const [name, checksum] of Object.entries(known)) {
			const config = await get<ConfigMap>('configmap', `${name}-runconfig`);
			expect(config.metadata.annotations).to.deep.equal({ 'toolhive.stacklok.dev/content-checksum': checksum });
			const { template } = (await get<Deployment>('deployment', name)).spec;
			expect(template.metadata.annotations).to.deep.equal({ 'toolhive.stacklok.dev/runconfig-checksum': checksum });
		}
	});

	it('is written in the real order, then only no-op status', async () => {
		await apply(server('MCPServer', 'search', SEARCH));
		const passes: string[][] = [];
		for (let pass = 0; pass < 5; pass += 1) {
			const sentBefore = operator().writes.length;
			const { requeue } = await operator().reconcile('MCPServer', 'search');
			passes.push([...named(operator().writes.slice(sentBefore)), requeue ? 'again' : 'done']);
		}
		const idle = ['PUT mcpservers/status (no-op)', 'PUT mcpservers/status (no-op)'];
		expect(passes).to.deep.equal([
			[
				'PUT mcpservers/status',
				'PUT mcpservers',
				'PUT mcpservers/status',
				'POST serviceaccounts',
				'POST serviceaccounts',
				'POST configmaps',
				'POST deployments',
				'again',
			],
			[...idle, 'POST services', 'again'],
			[...idle, 'PUT mcpservers/status', 'done'],
			[...idle, 'done'],
			[...idle, 'done'],
		]);
	});

	it('takes the checksum for its pods from the stored ConfigMap, and restores the ConfigMap first', async () => {
		await apply(server('MCPServer', 'search', SEARCH));
		await settle();
		const name = 'search-runconfig';
		const clean = await get<ConfigMap>('configmap', name);
		await patch('configmap', name, {
			data: { 'runconfig.json': '{}' },
			metadata: { annotations: { foreign: 'yes' } },
		});
		const { writes } = await settle();
		expect(named(writes).filter((write) => write === 'PUT configmaps')).to.have.length(1);
		const restored = await get<ConfigMap>('configmap', name);
		expect(restored.data).to.deep.equal(clean.data);
		expect(restored.metadata.annotations).to.deep.equal(clean.metadata.annotations);
	});

	it('leaves the live count of an HTTP server alone, also when it updates the Deployment', async () => {
		await apply(server('MCPServer', 'search', SEARCH));
		await settle();
		await kubectl(['scale', 'deployment', 'search', '--replicas=4']);
		await patch('mcpserver', 'search', { spec: { image: 'ghcr.io/example/search-mcp:2.0.2' } });
		const { writes } = await settle();
		expect(named(writes)).to.include('PUT deployments');
		const { replicas, template } = (await get<Deployment>('deployment', 'search')).spec;
		expect(replicas).to.equal(4);
		expect(template.spec.containers[0]?.args[2]).to.equal('ghcr.io/example/search-mcp:2.0.2');
	});

	it('takes a stdio server back to 1, and leaves 0', async () => {
		await apply(server('MCPServer', 'files', FILES));
		await settle();
		await kubectl(['scale', 'deployment', 'files', '--replicas=3']);
		expect(await operator().reconcile('MCPServer', 'files')).to.deep.equal({ requeue: true });
		expect((await get<Deployment>('deployment', 'files')).spec.replicas).to.equal(1);
		await kubectl(['scale', 'deployment', 'files', '--replicas=0']);
		await settle();
		expect((await get<Deployment>('deployment', 'files')).spec.replicas).to.equal(0);
		expect((await get<ServerObject>('mcpserver', 'files')).status).to.include({ phase: 'Stopped' });
	});

	it('keeps conditions of others, and drops status fields of others', async () => {
		await apply(server('MCPServer', 'search', SEARCH));
		await settle();
		const live = await get<ServerObject>('mcpserver', 'search');
		const foreign = {
			type: 'StdioReplicaCapped',
			status: 'True',
			reason: 'Foreign',
			message: 'm',
			observedGeneration: 1,
		};
		const conditions = [...(live.status?.conditions ?? []), { ...foreign, lastTransitionTime: '2026-01-01T00:00:00Z' }];
		await patch('mcpserver', 'search', { status: { conditions, foreign: 'field' } }, '--subresource=status');
		await settle();
		const { status } = await get<ServerObject>('mcpserver', 'search');
		expect(status).to.not.have.property('foreign');
		expect(status?.conditions?.map(({ type }) => type)).to.deep.equal(['ImageValidated', 'StdioReplicaCapped']);
	});

	it('follows sessionAffinity to its Service', async () => {
		await apply(server('MCPServer', 'search', SEARCH));
		await settle();
		await patch('mcpserver', 'search', { spec: { sessionAffinity: 'ClientIP' } });
		await settle();
		const service = await get<{ spec: { sessionAffinity: string } }>('service', 'mcp-search-proxy');
		expect(service.spec.sessionAffinity).to.equal('ClientIP');
	});

	it('drifts for ever with template annotations of its own user', async () => {
		const proxyDeployment = { podTemplateMetadataOverrides: { annotations: { team: 'a' } } };
		await apply(server('MCPServer', 'search', { ...SEARCH, resourceOverrides: { proxyDeployment } }));
		const { requeued, idleWrites } = await settle();
		expect(requeued).to.deep.equal(['MCPServer/search']);
		expect(named(idleWrites)).to.include('PUT deployments (no-op)');
	});

	it('goes when it is deleted', async () => {
		await apply(server('MCPServer', 'search', SEARCH));
		await settle();
		await kubectl(['delete', 'mcpserver', 'search', '--wait=false']);
		await settle();
		expect(await kubectl(['get', 'mcpservers', '-o', 'name'])).to.equal('');
	});
});
