/** `thv-scaling crds` with kubectl and a real API server, which validates the output of the command. */
import { join } from 'node:path';
import { expect } from 'chai';
import { needControlPlane } from '../harness/control-plane/mocha.ts';
import { eventually } from '../harness/eventually.ts';
import { serverManifest } from '../harness/namespace.ts';
import { mustSucceed, ROOT } from '../harness/product.ts';
import { type Ended, startProgram } from '../harness/program.ts';

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

const crds = async (args: readonly string[], stdin = ''): Promise<Ended> => {
	const ended = await startProgram(['crds', ...args], {}, { stdin }).ended;
	expect(ended.code, ended.stderr).to.equal(0);
	return ended;
};

describe('thv-scaling crds and a real API server', function () {
	this.timeout(120_000);
	// This suite needs its own control plane, because it does not install all CRDs that other suites need.
	const plane = needControlPlane({ isOwn: true });
	const kubectl = async (args: readonly string[], object?: string | object): Promise<string> => {
		const input = typeof object === 'object' ? JSON.stringify(object) : (object ?? '');
		return (await mustSucceed(plane().kubectl(args, { user: 'admin', input }))).stdout;
	};
	const create = ['create', '--validate=false', '-f', '-', '-o', 'json'];
	/** Waits until the API server stores these fields of a server. */
	const expectStored = (expected: object): Promise<void> =>
		eventually(async () => {
			const server = serverManifest('MCPServer', 'dry-run', { ...SCALING, args: ['a'] }, 'v1alpha1');
			expect(JSON.parse(await kubectl([...create, '--dry-run=server'], server)).spec).to.deep.equal(expected);
		});

	it('the CRD of an old operator › the API server drops the fields', async () => {
		// Like Helm, creates the CRD without the last-applied annotation.
		await kubectl(['create', '-f', OLD]);
		await kubectl(['wait', '--for=condition=Established', 'crd', '--all']);
		await expectStored(OTHERS);
		await kubectl(create, serverManifest('MCPServer', 'early', { args: ['a'] }, 'v1alpha1'));
	});

	it('read from the cluster, completed and replaced › the API server stores the fields; an older server can be edited', async () => {
		const { stdout, stderr } = await crds(['-'], await kubectl(['get', 'crd', NAME, '-o', 'yaml']));
		expect(stderr).to.match(
			/^mcpservers\S+ v1alpha1: added spec.replicas, spec.backendReplicas, spec.sessionStorage\n$/,
		);
		expect(await kubectl(['replace', '-f', '-'], stdout)).to.contain('replaced');
		await expectStored({ ...OTHERS, ...SCALING });
		const patch = ['patch', 'mcpserver', 'early', '--type=merge', '-o', 'json', '-p', '{"spec":{"replicas":2}}'];
		expect(JSON.parse(await kubectl(patch)).spec).to.deep.equal({ ...OTHERS, replicas: 2 });
	});

	it('read from the cluster again, as YAML and as JSON › nothing is added', async () => {
		for (const form of ['yaml', 'json']) {
			const got = await kubectl(['get', 'crd', '-o', form]);
			expect(await crds(['-'], got)).to.deep.equal({ code: 0, stdout: got, stderr: '' });
		}
	});

	it('completed from its file, as YAML and as JSON › applied, and applied again without a change', async () => {
		const json = await kubectl(['create', '--dry-run=client', '-f', OLD, '-o', 'json']);
		for (const { stdout } of [await crds([OLD]), await crds(['-'], json)]) {
			await kubectl(['apply', '-f', '-'], stdout);
			const unchanged = `customresourcedefinition.apiextensions.k8s.io/${NAME} unchanged\n`;
			expect(await kubectl(['apply', '-f', '-'], stdout)).to.equal(unchanged);
			await expectStored({ ...OTHERS, ...SCALING });
		}
	});

	it('the generated CRDs › complete, and equal to those in manifests/crds', async () => {
		const { stdout } = await crds([]);
		expect(await crds(['-'], stdout)).to.deep.equal({ code: 0, stdout, stderr: '' });
		await kubectl(['apply', '-f', '-'], stdout);
		expect(await kubectl(['apply', '-f', join(ROOT, 'manifests/crds')])).to.match(/^(\S+ unchanged\n){3}$/);
	});
});
