/** Servers through both webhooks: what kubectl shows a person, and what an old operator's write does. */
import { expect } from 'chai';
import { serverManifest } from '../harness/namespace.ts';
import { useProduct } from '../harness/use-product.ts';

const REDIS = {
	provider: 'redis',
	address: 'redis.mcp.svc:6379',
	db: 2,
	keyPrefix: 'thv:',
	passwordRef: { name: 's', key: 'k' },
};

describe('servers on a real API server', function () {
	this.timeout(60_000);
	const { namespace, plane } = useProduct('servers');

	it('warns on create, on apply, and in a server-side dry run, without refusing', async () => {
		const manifest = serverManifest('MCPServer', 'files', { transport: 'stdio', replicas: 3 });
		for (const args of [
			['create', '--dry-run=server', '-f', '-'],
			['apply', '-f', '-'],
			['apply', '--server-side', '--force-conflicts', '-f', '-'],
		]) {
			const { code, stderr } = await namespace.kubectl(args, manifest);
			expect(code).to.equal(0);
			expect(stderr).to.contain('Warning: spec.replicas: stdio runs exactly 1 replica; the Deployment gets 1, not 3');
			expect(stderr).to.contain('(session-storage-missing)');
		}
		expect((await namespace.get('mcpserver', 'files'))['spec'].replicas).to.equal(3);
	});

	it('refuses an empty address with every violation in one message, after the warnings', async () => {
		const storage = { provider: 'redis', address: '' };
		const { code, stderr } = await namespace.kubectl(
			['create', '-f', '-'],
			serverManifest('VirtualMCPServer', 'hub', { replicas: 2, sessionStorage: storage }),
		);
		expect(code).to.equal(1);
		expect(stderr).to.contain('spec.sessionStorage.address: must not be empty when provider is redis');
		expect(stderr).to.contain('(redis-without-password)');
	});

	it('applies server-side twice: the second time nothing is written', async () => {
		const manifest = serverManifest('MCPRemoteProxy', 'crm', { replicas: 2, sessionStorage: REDIS });
		const apply = ['apply', '--server-side', '-f', '-'];
		expect((await namespace.kubectl(apply, manifest)).code).to.equal(0);
		const first = await namespace.get('mcpremoteproxy', 'crm');
		expect((await namespace.kubectl(apply, manifest)).code).to.equal(0);
		expect((await namespace.get('mcpremoteproxy', 'crm')).metadata.resourceVersion).to.equal(
			first.metadata.resourceVersion,
		);
	});

	for (const version of ['v1alpha1', 'v1beta1']) {
		it(`${version}: fields the operator erases come back, fields a person removes stay away`, async () => {
			const name = `erased-${version}`;
			const spec = { transport: 'sse', replicas: 3, backendReplicas: 0, sessionStorage: REDIS };
			const created = await namespace.create(serverManifest('MCPServer', name, spec, version));
			const { replicas: _1, backendReplicas: _2, sessionStorage: _3, ...kept } = created['spec'];
			// The typed write of an operator that has never heard of these fields, here with its finalizer.
			const typed = {
				...created,
				metadata: { ...created.metadata, finalizers: ['mcpserver.toolhive.stacklok.dev/finalizer'] },
			};
			const put = await namespace.kubectl(['replace', '-f', '-'], { ...typed, spec: kept }, 'operator');
			expect(put.code, put.stderr).to.equal(0);
			const after = await namespace.get('mcpserver', name);
			expect(after['spec']).to.deep.equal(created['spec']);
			expect(after.metadata.generation).to.equal(created.metadata.generation);

			const removal = await namespace.kubectl(['replace', '-f', '-'], { ...after, spec: kept }, 'person');
			expect(removal.code).to.equal(0);
			expect((await namespace.get('mcpserver', name))['spec']).to.deep.equal(kept);
			// The finalizer goes, or the namespace could not.
			const release = JSON.stringify({ metadata: { finalizers: null } });
			await namespace.kubectl(['patch', 'mcpserver', name, '--type=merge', '-p', release]);
		});
	}

	it('lets a bad server be edited elsewhere, be deleted, and not get worse', async () => {
		const crd = 'mcpservers.toolhive.stacklok.dev';
		const looser = (isLoose: boolean) =>
			plane().kubectl(['patch', 'crd', crd, '--type=json', '-p', JSON.stringify(storageOf(isLoose))]);
		const webhook = 'validatingwebhookconfiguration/toolhive-scaling';
		const { stdout } = await plane().kubectl(['get', webhook, '-o', 'json'], { user: 'admin' });
		await plane().kubectl(['delete', webhook], { user: 'admin' });
		await looser(true);
		await waitFor(async () => (await namespace.kubectl(['create', '-f', '-'], BAD)).code === 0);
		await plane().kubectl(['create', '-f', '-'], { user: 'admin', input: withoutVersion(stdout) });
		await waitFor(
			async () => (await namespace.kubectl(['create', '--dry-run=server', '-f', '-'], OTHER_BAD)).code !== 0,
		);

		const edit = (patch: object) =>
			namespace.kubectl(['patch', 'mcpserver', 'bad', '--type=merge', '-p', JSON.stringify(patch)]);
		expect((await edit({ spec: { replicas: 2 }, metadata: { labels: { a: 'b' } } })).code).to.equal(0);
		const worse = await edit({ spec: { sessionStorage: { keyPrefix: 'x:' } } });
		expect(worse.stderr).to.contain('spec.sessionStorage: address is required when provider is redis');
		expect((await namespace.kubectl(['delete', 'mcpserver', 'bad'])).code).to.equal(0);
		await looser(false);
	});
});

const BAD = serverManifest('MCPServer', 'bad', { sessionStorage: { provider: 'redis' } });
const OTHER_BAD = serverManifest('MCPServer', 'other', { sessionStorage: { provider: 'redis' } });

/** Takes the CEL rule out of both versions of the CRD, as a CRD without our schema would be, or puts it back. */
const storageOf = (isLoose: boolean): object[] =>
	[0, 1].map((version) => ({
		op: isLoose ? 'remove' : 'add',
		path: `/spec/versions/${version}/schema/openAPIV3Schema/properties/spec/properties/sessionStorage/x-kubernetes-validations`,
		...(!isLoose && {
			value: [
				{
					rule: "self.provider == 'redis' ? has(self.address) : true",
					message: 'address is required when provider is redis',
				},
			],
		}),
	}));

function withoutVersion(json: string): string {
	const object = JSON.parse(json) as { metadata: object };
	return JSON.stringify({ ...object, metadata: { name: 'toolhive-scaling' } });
}

async function waitFor(isTrue: () => Promise<boolean>): Promise<void> {
	for (let attempt = 0; attempt < 50; attempt += 1) {
		if (await isTrue()) return;
		await new Promise((resolve) => setTimeout(resolve, 200));
	}
	throw new Error('did not come true within 10 s');
}
