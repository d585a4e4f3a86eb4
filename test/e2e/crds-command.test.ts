/** `thv-scaling crds` between kubectl and a real API server, which judges what it prints. */
import { join } from 'node:path';
import { expect } from 'chai';
import { needControlPlane } from '../harness/control-plane/mocha.ts';
import { type ControlPlane, startControlPlane } from '../harness/control-plane/start.ts';
import { eventually } from '../harness/eventually.ts';
import { serverManifest } from '../harness/namespace.ts';
import { mustSucceed, ROOT, readText } from '../harness/product.ts';
import { type Ended, startProgram } from '../harness/program.ts';

const OLD = 'test/fixtures/old-mcpservers-crd.yaml';
const NAME = 'mcpservers.toolhive.stacklok.dev';
const SCALING = {
	replicas: 3,
	backendReplicas: 2,
	sessionStorage: {
		provider: 'redis',
		address: 'redis:6379',
		db: 2,
		keyPrefix: 'thv:',
		passwordRef: { name: 'redis', key: 'password' },
	},
};

const crds = async (args: readonly string[], input?: string): Promise<Ended> => {
	const ended = await startProgram(['crds', ...args], {}, input === undefined ? {} : { stdin: input }).ended;
	expect(ended.code, ended.stderr).to.equal(0);
	return ended;
};

describe('thv-scaling crds and a real API server', function () {
	this.timeout(120_000);
	// Of its own: the others need the CRDs that this story does without. The shared one says whether there can be one.
	needControlPlane();
	let plane: ControlPlane;
	before('a control plane of its own', async () => {
		plane = await startControlPlane();
	});
	after(() => plane?.stop());

	const kubectl = async (args: readonly string[], input?: string | object): Promise<string> => {
		const text = typeof input === 'object' ? JSON.stringify(input) : input;
		const how = { user: 'admin' as const, ...(text !== undefined && { input: text }) };
		return (await mustSucceed(plane.kubectl(args, how))).stdout;
	};
	const established = (): Promise<string> => kubectl(['wait', '--for=condition=Established', 'crd', '--all']);
	const create = ['create', '--validate=false', '-f', '-', '-o', 'json'];
	const stored = async (name: string): Promise<object> => {
		const server = serverManifest('MCPServer', name, { ...SCALING, args: ['a'] }, 'v1alpha1');
		return JSON.parse(await kubectl([...create, '--dry-run=server'], server)).spec;
	};
	const others = { image: 'ghcr.io/example/mcp:1.0.0', args: ['a'], transport: 'stdio', sessionAffinity: 'ClientIP' };

	it('the CRD of an old operator › the API server drops the fields', async () => {
		// As Helm does: no annotation that says what was applied.
		await kubectl(['create', '-f', join(ROOT, OLD)]);
		await established();
		await eventually(async () => expect(await stored('before')).to.deep.equal(others));
		await kubectl(create, serverManifest('MCPServer', 'early', { args: ['a'] }, 'v1alpha1'));
	});

	it('read from the cluster, completed and replaced › it stores them', async () => {
		const got = await kubectl(['get', 'crd', NAME, '-o', 'yaml']);
		const { stdout, stderr } = await crds(['-'], got);
		expect(stderr).to.match(
			/^mcpservers\S+ v1alpha1: added spec.replicas, spec.backendReplicas, spec.sessionStorage\n$/,
		);
		expect(await kubectl(['replace', '-f', '-'], stdout)).to.contain('replaced');
		await eventually(async () => expect(await stored('after')).to.deep.equal({ ...others, ...SCALING }));
	});

	it('a server from before › it is still there, and can be edited', async () => {
		const patch = ['patch', 'mcpserver', 'early', '--type=merge', '-o', 'json', '-p', '{"spec":{"replicas":2}}'];
		expect(JSON.parse(await kubectl(patch)).spec).to.deep.equal({ ...others, replicas: 2 });
	});

	it('read from the cluster again, as YAML and as JSON › nothing is added', async () => {
		for (const form of ['yaml', 'json']) {
			const got = await kubectl(['get', 'crd', '-o', form]);
			expect(await crds(['-'], got)).to.deep.equal({ code: 0, stdout: got, stderr: '' });
		}
	});

	it('completed from its file, as YAML and as JSON › applied, and applied again without a change', async () => {
		const json = await kubectl(['create', '--dry-run=client', '-f', join(ROOT, OLD), '-o', 'json']);
		for (const { stdout } of [await crds([join(ROOT, OLD)]), await crds(['-'], json)]) {
			await kubectl(['apply', '-f', '-'], stdout);
			const unchanged = `customresourcedefinition.apiextensions.k8s.io/${NAME} unchanged\n`;
			expect(await kubectl(['apply', '-f', '-'], stdout)).to.equal(unchanged);
			await eventually(async () => expect(await stored('applied')).to.deep.equal({ ...others, ...SCALING }));
		}
	});

	it('our own CRDs › printed byte by byte, and applied', async () => {
		const { stdout } = await crds([]);
		expect(await crds(['-'], stdout)).to.deep.equal({ code: 0, stdout, stderr: '' });
		await kubectl(['apply', '-f', '-'], stdout);
		expect(await kubectl(['apply', '-f', join(ROOT, 'manifests/crds')])).to.match(/^(\S+ unchanged\n){3}$/);
		for (const plural of ['mcpservers', 'mcpremoteproxies', 'virtualmcpservers']) {
			const file = `manifests/crds/toolhive.stacklok.dev_${plural}.yaml`;
			expect((await crds([join(ROOT, file)])).stdout).to.equal(readText(file));
		}
	});
});
