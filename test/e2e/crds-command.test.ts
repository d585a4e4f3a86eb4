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

	it('the CRD of an old operator drops the fields', async () => {
		// As Helm does: no annotation that says what was applied.
		await kubectl(['create', '-f', join(ROOT, OLD)]);
		await established();
		await eventually(async () => expect(await stored('before')).to.deep.equal(others));
		await kubectl(create, serverManifest('MCPServer', 'early', { args: ['a'] }, 'v1alpha1'));
	});

	it('read from the cluster, completed and put back it keeps them', async () => {
		const got = await kubectl(['get', 'crd', NAME, '-o', 'yaml']);
		const { stdout, stderr } = await crds(['-'], got);
		expect(stderr).to.match(
			/^mcpservers\S+ v1alpha1: added spec.replicas, spec.backendReplicas, spec.sessionStorage\n$/,
		);
		expect(await kubectl(['replace', '-f', '-'], stdout)).to.contain('replaced');
		await eventually(async () => expect(await stored('after')).to.deep.equal({ ...others, ...SCALING }));
	});

	it('what was there before is still there, and can be edited', async () => {
		const patch = ['patch', 'mcpserver', 'early', '--type=merge', '-o', 'json', '-p', '{"spec":{"replicas":2}}'];
		expect(JSON.parse(await kubectl(patch)).spec).to.deep.equal({ ...others, replicas: 2 });
	});

	const refused = [
		{
			it: 'redis without address',
			spec: { sessionStorage: { provider: 'redis' } },
			says: 'address is required when provider is redis',
		},
		{
			it: 'another provider',
			spec: { sessionStorage: { provider: 'disk' } },
			says: 'supported values: "memory", "redis"',
		},
		{ it: 'a count below 0', spec: { backendReplicas: -1 }, says: 'should be greater than or equal to 0' },
	];
	for (const { it: title, spec, says } of refused) {
		it(`it refuses ${title}`, async () => {
			const input = JSON.stringify(serverManifest('MCPServer', 'bad', spec, 'v1alpha1'));
			const { code, stderr } = await plane.kubectl(['create', '--validate=false', '-f', '-'], { input });
			expect(code).to.equal(1);
			expect(stderr).to.contain('The MCPServer "bad" is invalid: ').and.to.contain(says);
		});
	}

	it('read from the cluster again nothing is added, in YAML and in JSON', async () => {
		for (const form of ['yaml', 'json']) {
			const got = await kubectl(['get', 'crd', '-o', form]);
			expect(await crds(['-'], got)).to.deep.equal({ code: 0, stdout: got, stderr: '' });
		}
	});

	it('completed from its file and applied twice, the second changes nothing', async () => {
		const { stdout } = await crds([join(ROOT, OLD)]);
		await kubectl(['apply', '-f', '-'], stdout);
		expect(await kubectl(['apply', '-f', '-'], stdout)).to.equal(
			`customresourcedefinition.apiextensions.k8s.io/${NAME} unchanged\n`,
		);
		expect(await stored('applied')).to.deep.equal({ ...others, ...SCALING });
	});

	it('as JSON it is applied as well', async () => {
		const json = await kubectl(['create', '--dry-run=client', '-f', join(ROOT, OLD), '-o', 'json']);
		const { stdout } = await crds(['-'], json);
		expect(stdout).to.contain('"backendReplicas"');
		expect(await kubectl(['apply', '-f', '-'], stdout)).to.contain(`${NAME} `);
		await eventually(async () => expect(await stored('json')).to.deep.equal({ ...others, ...SCALING }));
	});

	it('our own go through byte by byte, and are applied', async () => {
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
