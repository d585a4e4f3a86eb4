/** The generated CRDs on a real API server: refusals, their messages, and defaults. */
import { expect } from 'chai';
import { needControlPlane } from '../harness/control-plane/mocha.ts';
import { serverManifest, useNamespace } from '../harness/namespace.ts';
import { applyCrds } from '../harness/product.ts';

const KINDS = [
	{ kind: 'MCPServer', counts: ['replicas', 'backendReplicas'] },
	{ kind: 'VirtualMCPServer', counts: ['replicas'] },
	{ kind: 'MCPRemoteProxy', counts: ['replicas'] },
];

const storage = (sessionStorage: object): object => ({ sessionStorage: { provider: 'memory', ...sessionStorage } });

describe('CRDs on a real API server', function () {
	this.timeout(60_000);
	const plane = needControlPlane();
	before(() => applyCrds(plane()));
	const namespace = useNamespace(plane, 'crds');

	for (const { kind, counts } of KINDS) {
		for (const version of ['v1alpha1', 'v1beta1']) {
			for (const [title, spec, message] of [
				...([
					['redis without address', storage({ provider: 'redis' }), 'address is required when provider is redis'],
					['a provider outside the enum', storage({ provider: 'disk' }), 'supported values: "memory", "redis"'],
					[
						'a database below 0',
						storage({ db: -1 }),
						'spec.sessionStorage.db in body should be greater than or equal to 0',
					],
					['a password without key', storage({ passwordRef: { name: 'a' } }), 'passwordRef.key: Required value'],
				] as const),
				...counts.flatMap((count) => [
					[`${count} below 0`, { [count]: -1 }, `spec.${count} in body should be greater than or equal to 0`] as const,
					[`${count} as text`, { [count]: '3' }, `spec.${count} in body must be of type integer`] as const,
				]),
			]) {
				it(`CRD: ${kind} ${version} › ${title} › refused`, async () => {
					const create = ['create', '--validate=false', '--dry-run=server', '-f', '-'];
					const { code, stderr } = await namespace.kubectl(create, serverManifest(kind, 'bad', spec, version));
					expect(code).to.equal(1);
					expect(stderr).to.contain(message);
				});
			}
		}

		it(`${kind} › db defaults to 0, counts have no default, unknown fields stay`, async () => {
			const spec = { sessionStorage: { provider: 'redis', address: 'redis:6379' }, other: { kept: [1, 'two'] } };
			const stored = await namespace.create(serverManifest(kind, `defaults-${kind.toLowerCase()}`, spec));
			expect(stored['spec'].sessionStorage).to.deep.equal({ provider: 'redis', address: 'redis:6379', db: 0 });
			expect(stored['spec'].other).to.deep.equal({ kept: [1, 'two'] });
			for (const count of counts) expect(stored['spec']).not.to.have.property(count);
		});
	}

	it('MCPServer › image is required, transport is an enum and defaults to stdio', async () => {
		const create = ['create', '--validate=false', '--dry-run=server', '-o', 'json', '-f', '-'];
		const manifest = serverManifest('MCPServer', 'files', {});
		for (const [spec, message] of [
			[{}, 'spec.image: Required value'],
			[{ image: 'a', transport: 'tcp' }, 'supported values: "stdio", "streamable-http", "sse"'],
		] as const)
			expect((await namespace.kubectl(create, { ...manifest, spec })).stderr).to.contain(message);
		expect(JSON.parse((await namespace.kubectl(create, manifest)).stdout).spec.transport).to.equal('stdio');
	});

	it('VirtualMCPServer › short names, status subresource and columns', async () => {
		await namespace.create(serverManifest('VirtualMCPServer', 'hub', { replicas: 2 }));
		const status = JSON.stringify({ status: { phase: 'Ready', url: 'http://hub' } });
		const patch = ['patch', 'vmcp', 'hub', '--subresource=status', '--type=merge', '-p', status];
		expect((await namespace.kubectl(patch)).code).to.equal(0);
		const { stdout } = await namespace.kubectl(['get', 'virtualmcp', 'hub']);
		expect(stdout).to.match(/NAME +PHASE +REPLICAS +URL +AGE\nhub +Ready +2 +http:\/\/hub/);
	});
});
