/** The generated CRDs on a real API server: what it refuses, with which words, and what it fills in. */
import { expect } from 'chai';
import { needControlPlane } from '../harness/control-plane/mocha.ts';
import { serverManifest, useNamespace } from '../harness/namespace.ts';
import { applyCrds } from '../harness/product.ts';

const KINDS = [
	{ kind: 'MCPServer', counts: ['replicas', 'backendReplicas'] },
	{ kind: 'VirtualMCPServer', counts: ['replicas'] },
	{ kind: 'MCPRemoteProxy', counts: ['replicas'] },
];

describe('CRDs on a real API server', function () {
	this.timeout(60_000);
	const plane = needControlPlane();
	before(() => applyCrds(plane()));
	const namespace = useNamespace(plane, 'crds');

	for (const { kind, counts } of KINDS) {
		for (const version of ['v1alpha1', 'v1beta1']) {
			const refused = [
				{
					it: 'redis without address',
					spec: { sessionStorage: { provider: 'redis' } },
					says: 'address is required when provider is redis',
				},
				{
					it: 'a provider outside the enum',
					spec: { sessionStorage: { provider: 'disk' } },
					says: 'supported values: "memory", "redis"',
				},
				{
					it: 'a database below 0',
					spec: { sessionStorage: { provider: 'memory', db: -1 } },
					says: 'spec.sessionStorage.db in body should be greater than or equal to 0',
				},
				{
					it: 'a password reference without key',
					spec: { sessionStorage: { provider: 'memory', passwordRef: { name: 'a' } } },
					says: 'spec.sessionStorage.passwordRef.key: Required value',
				},
				...counts.flatMap((count) => [
					{
						it: `${count} below 0`,
						spec: { [count]: -1 },
						says: `spec.${count} in body should be greater than or equal to 0`,
					},
					{ it: `${count} as text`, spec: { [count]: '3' }, says: `spec.${count} in body must be of type integer` },
				]),
			];
			for (const row of refused) {
				it(`CRD: ${kind} ${version} refuses ${row.it}`, async () => {
					const { code, stderr } = await namespace.kubectl(
						['create', '--validate=false', '--dry-run=server', '-f', '-'],
						serverManifest(kind, 'bad', row.spec, version),
					);
					expect(code).to.equal(1);
					expect(stderr).to.contain(row.says);
				});
			}
		}

		it(`${kind}: db defaults to 0, counts have no default, unknown fields stay`, async () => {
			const spec = { sessionStorage: { provider: 'redis', address: 'redis:6379' }, other: { kept: [1, 'two'] } };
			const stored = await namespace.create(serverManifest(kind, `defaults-${kind.toLowerCase()}`, spec));
			expect(stored['spec'].sessionStorage).to.deep.equal({ provider: 'redis', address: 'redis:6379', db: 0 });
			expect(stored['spec'].other).to.deep.equal({ kept: [1, 'two'] });
			for (const count of counts) expect(stored['spec']).not.to.have.property(count);
		});
	}

	it('MCPServer: image is required, transport is an enum and defaults to stdio', async () => {
		const create = ['create', '--validate=false', '--dry-run=server', '-o', 'json', '-f', '-'];
		const manifest = serverManifest('MCPServer', 'files', {});
		expect((await namespace.kubectl(create, { ...manifest, spec: {} })).stderr).to.contain(
			'spec.image: Required value',
		);
		const odd = { ...manifest, spec: { image: 'a', transport: 'tcp' } };
		expect((await namespace.kubectl(create, odd)).stderr).to.contain(
			'supported values: "stdio", "streamable-http", "sse"',
		);
		expect(JSON.parse((await namespace.kubectl(create, manifest)).stdout).spec.transport).to.equal('stdio');
	});

	it('short names, status subresource and columns work', async () => {
		await namespace.create(serverManifest('VirtualMCPServer', 'hub', { replicas: 2 }));
		const status = JSON.stringify({ status: { phase: 'Ready', url: 'http://hub' } });
		const patched = await namespace.kubectl([
			'patch',
			'vmcp',
			'hub',
			'--subresource=status',
			'--type=merge',
			'-p',
			status,
		]);
		expect(patched.code).to.equal(0);
		const { stdout } = await namespace.kubectl(['get', 'virtualmcp', 'hub']);
		expect(stdout).to.match(/NAME +PHASE +REPLICAS +URL +AGE\nhub +Ready +2 +http:\/\/hub/);
	});
});
