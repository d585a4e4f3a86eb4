/** The generated CRDs and `thv-scaling crds`, on a real API server: refusals, their messages, defaults and columns. */
import { join } from 'node:path';
import { expect } from 'chai';
import { needControlPlane } from '../harness/control-plane/mocha.ts';
import { eventually } from '../harness/eventually.ts';
import { serverManifest, useNamespace } from '../harness/namespace.ts';
import { applyCrds, mustSucceed, ROOT } from '../harness/product.ts';
import { type Ended, startProgram } from '../harness/program.ts';

const KINDS = [
	{ kind: 'MCPServer', counts: ['replicas', 'backendReplicas'] },
	{ kind: 'VirtualMCPServer', counts: ['replicas'] },
	{ kind: 'MCPRemoteProxy', counts: ['replicas'] },
];

const storage = (sessionStorage: object): object => ({ sessionStorage: { provider: 'memory', ...sessionStorage } });
const dryRun = ['create', '--validate=false', '--dry-run=server', '-o', 'json', '-f', '-'];

describe('CRDs on a real API server', function () {
	this.timeout(60_000);
	const plane = needControlPlane();
	before(() => applyCrds(plane()));
	const namespace = useNamespace(plane, 'crds');

	for (const { kind, counts } of KINDS) {
		for (const [title, spec, message] of [
			['redis without address', storage({ provider: 'redis' }), 'address is required when provider is redis'],
			['a provider outside the enum', storage({ provider: 'disk' }), 'supported values: "memory", "redis"'],
			['a database below 0', storage({ db: -1 }), 'sessionStorage.db in body should be greater than or equal to 0'],
			['a password without key', storage({ passwordRef: { name: 'a' } }), 'passwordRef.key: Required value'],
			...counts.flatMap((count) => [
				[`${count} below 0`, { [count]: -1 }, `spec.${count} in body should be greater than or equal to 0`] as const,
				[`${count} as text`, { [count]: '3' }, `spec.${count} in body must be of type integer`] as const,
			]),
		] as const) {
			it(`CRD: ${kind} › ${title} › refused in each version`, async () => {
				for (const version of ['v1alpha1', 'v1beta1']) {
					const { code, stderr } = await namespace.kubectl(dryRun, serverManifest(kind, 'bad', spec, version));
					expect(code).to.equal(1);
					expect(stderr).to.contain(message);
				}
			});
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
		const manifest = serverManifest('MCPServer', 'files', {});
		for (const [spec, message] of [
			[{}, 'spec.image: Required value'],
			[{ image: 'a', transport: 'tcp' }, 'supported values: "stdio", "streamable-http", "sse"'],
		] as const)
			expect((await namespace.kubectl(dryRun, { ...manifest, spec })).stderr).to.contain(message);
		expect(JSON.parse((await namespace.kubectl(dryRun, manifest)).stdout).spec.transport).to.equal('stdio');
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

const OLD = join(ROOT, 'test/fixtures/old-mcpservers-crd.yaml');
const NAME = 'mcpservers.toolhive.stacklok.dev';
const SCALING = {
	...{ replicas: 3, backendReplicas: 2 },
	sessionStorage: {
		...{ provider: 'redis', address: 'redis:6379', db: 2, keyPrefix: 'thv:' },
		passwordRef: { name: 'redis', key: 'password' },
	},
};
const OTHERS = { image: 'ghcr.io/example/mcp:1.0.0', args: ['a'], transport: 'stdio', sessionAffinity: 'ClientIP' };

describe('thv-scaling crds and a real API server', function () {
	this.timeout(120_000);
	// This suite needs its own control plane, because it does not install all CRDs that other suites need.
	const plane = needControlPlane({ isOwn: true });
	const complete = (stdin: string): Promise<Ended> => startProgram(['crds', '-'], {}, { stdin }).ended;
	const kubectl = async (args: readonly string[], object?: string | object): Promise<string> => {
		const input = typeof object === 'object' ? JSON.stringify(object) : (object ?? '');
		return (await mustSucceed(plane().kubectl(args, { user: 'admin', input }))).stdout;
	};
	/** Waits until the API server stores these fields of a server. */
	const expectStored = (expected: object): Promise<void> =>
		eventually(async () => {
			const server = serverManifest('MCPServer', 'dry-run', { ...SCALING, args: ['a'] }, 'v1alpha1');
			expect(JSON.parse(await kubectl(dryRun, server)).spec).to.deep.equal(expected);
		});

	it('the CRD of an old operator, read from the cluster, completed and replaced › the API server stores the fields', async () => {
		// Like Helm, creates the CRD without the last-applied annotation.
		await kubectl(['create', '-f', OLD]);
		await kubectl(['wait', '--for=condition=Established', 'crd', '--all']);
		await expectStored(OTHERS);
		await kubectl(['create', '-f', '-'], serverManifest('MCPServer', 'early', { args: ['a'] }, 'v1alpha1'));
		const { stdout } = await complete(await kubectl(['get', 'crd', NAME, '-o', 'yaml']));
		expect(await kubectl(['replace', '-f', '-'], stdout)).to.contain('replaced');
		await expectStored({ ...OTHERS, ...SCALING });
		const patch = ['patch', 'mcpserver', 'early', '--type=merge', '-o', 'json', '-p', '{"spec":{"replicas":2}}'];
		expect(JSON.parse(await kubectl(patch)).spec).to.deep.equal({ ...OTHERS, replicas: 2 });
		for (const form of ['yaml', 'json']) {
			const got = await kubectl(['get', 'crd', '-o', form]);
			expect(await complete(got), 'read again').to.deep.equal({ code: 0, stdout: got, stderr: '' });
		}
	});
});
