/** Servers through both webhooks: what kubectl shows a person, and what an old operator's write does. */
import { expect } from 'chai';
import { serverManifest } from '../harness/namespace.ts';
import { mustSucceed } from '../harness/product.ts';
import { useProduct } from '../harness/use-product.ts';

const REDIS = { provider: 'redis', address: 'redis.mcp.svc:6379', passwordRef: { name: 's', key: 'k' } };

describe('servers on a real API server', function () {
	this.timeout(60_000);
	const { namespace } = useProduct('servers');

	it('a stdio server with 3 replicas › create, apply and a dry run warn, and store it', async () => {
		const manifest = serverManifest('MCPServer', 'files', { transport: 'stdio', replicas: 3 });
		for (const args of [
			['create', '--dry-run=server', '-f', '-'],
			['apply', '-f', '-'],
			['apply', '--server-side', '--force-conflicts', '-f', '-'],
		]) {
			const { stderr } = await mustSucceed(namespace.kubectl(args, manifest));
			expect(stderr)
				.to.contain('Warning: spec.replicas: stdio runs exactly 1 replica; the Deployment gets 1, not 3')
				.and.contain('(session-storage-missing)');
		}
		expect((await namespace.get('mcpserver', 'files'))['spec'].replicas).to.equal(3);
	});

	it('an empty Redis address › refused, with the warnings and every violation in one message', async () => {
		const spec = { replicas: 2, sessionStorage: { provider: 'redis', address: '' } };
		const manifest = serverManifest('VirtualMCPServer', 'hub', spec);
		const { code, stderr } = await namespace.kubectl(['create', '-f', '-'], manifest);
		expect(code).to.equal(1);
		expect(stderr)
			.to.contain('spec.sessionStorage.address: must not be empty when provider is redis')
			.and.contain('(redis-without-password)');
	});

	it('fields that the operator erases are restored, fields that a person removes stay away', async () => {
		const spec = { transport: 'sse', replicas: 3, backendReplicas: 0, sessionStorage: { ...REDIS, db: 2 } };
		const created = await namespace.create(serverManifest('MCPServer', 'erased', spec));
		const { replicas: _1, backendReplicas: _2, sessionStorage: _3, ...kept } = created['spec'];
		// The typed write of an operator that has never heard of these fields, here with its finalizer.
		const metadata = { ...created.metadata, finalizers: ['mcpserver.toolhive.stacklok.dev/finalizer'] };
		const replace = (object: object, user: 'operator' | 'person') =>
			mustSucceed(namespace.kubectl(['replace', '-f', '-'], object, user));
		await replace({ ...created, metadata, spec: kept }, 'operator');
		const after = await namespace.get('mcpserver', 'erased');
		expect(after['spec']).to.deep.equal(created['spec']);
		expect(after.metadata.generation).to.equal(created.metadata.generation);
		await replace({ ...after, spec: kept }, 'person');
		expect((await namespace.get('mcpserver', 'erased'))['spec']).to.deep.equal(kept);
		// The finalizer goes, or the namespace could not.
		const release = JSON.stringify({ metadata: { finalizers: null } });
		await namespace.kubectl(['patch', 'mcpserver', 'erased', '--type=merge', '-p', release]);
	});
});
