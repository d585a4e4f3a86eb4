/** `thv-scaling crds` with ToolHive's own CRDs: unchanged, and without the scaling fields. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { isMap, type Pair, parse, parseDocument } from 'yaml';
import { type ControlPlane, startControlPlane } from '../../test/harness/control-plane/start.ts';
import { eventually } from '../../test/harness/eventually.ts';
import { serverManifest } from '../../test/harness/namespace.ts';
import { mustSucceed } from '../../test/harness/product.ts';
import { startProgram } from '../../test/harness/program.ts';
import { findCrdFolder, OPERATOR_VERSION } from './build.ts';

const FIELDS = ['replicas', 'backendReplicas', 'sessionStorage'];
const SCALING = { replicas: 3, sessionStorage: { provider: 'redis', address: 'redis:6379', db: 1 } };
const KINDS = [
	{
		kind: 'MCPServer',
		plural: 'mcpservers',
		added: ['spec.replicas', 'spec.backendReplicas', 'spec.sessionStorage'],
		spec: {},
	},
	{
		kind: 'VirtualMCPServer',
		plural: 'virtualmcpservers',
		added: ['spec.replicas', 'spec.sessionStorage'],
		spec: { groupRef: { name: 'g' }, incomingAuth: { type: 'anonymous' } },
	},
	{
		kind: 'MCPRemoteProxy',
		plural: 'mcpremoteproxies',
		added: ['spec.replicas', 'spec.sessionStorage'],
		spec: { remoteUrl: 'https://example.com' },
	},
];

const crds = (input: string) => startProgram(['crds', '-'], {}, { stdin: input }).ended;

describe(`the CRDs of ToolHive ${OPERATOR_VERSION}`, function () {
	this.timeout(600_000);
	let folder = '';
	let plane: ControlPlane;
	before('CRDs and control plane', async () => {
		folder = await findCrdFolder(process.env);
		plane = await startControlPlane();
	});
	after(() => plane?.stop());

	for (const { kind, plural, added, spec } of KINDS) {
		const read = (): string => readFileSync(join(folder, `toolhive.stacklok.dev_${plural}.yaml`), 'utf8');

		it(`${kind} › the CRD has the fields › it is unchanged`, async () => {
			expect(await crds(read())).to.deep.equal({ code: 0, stdout: read(), stderr: '' });
		});

		it(`${kind} › the fields are missing › their lines are added, and the rest is unchanged`, async () => {
			const bare = withoutFields(read());
			expect(bare.split('\n').length).to.be.below(read().split('\n').length);
			const { code, stdout, stderr } = await crds(bare);
			expect(code).to.equal(0);
			const note = (version: string): string =>
				`${plural}.toolhive.stacklok.dev ${version}: added ${added.join(', ')}\n`;
			expect(stderr).to.equal(note('v1alpha1') + note('v1beta1'));
			expect(withoutFields(stdout)).to.equal(bare);
			expect(Object.keys(fieldsOf(stdout))).to.deep.equal(Object.keys(fieldsOf(read())));
		});

		it(`${kind} › the fields were added › an API server stores them, and rejects redis without address`, async () => {
			const { stdout } = await crds(withoutFields(read()));
			const kubectl = (args: readonly string[], input: string) => plane.kubectl(args, { user: 'admin', input });
			const apply = ['apply', '--server-side', '-f', '-'];
			await mustSucceed(kubectl(apply, stdout));
			await mustSucceed(kubectl(apply, stdout));
			const create = ['create', '--validate=false', '--dry-run=server', '-o', 'json', '-f', '-'];
			for (const version of ['v1alpha1', 'v1beta1']) {
				const manifest = (more: object): string =>
					JSON.stringify(serverManifest(kind, 'one', { ...spec, ...more }, version));
				await eventually(async () => {
					const { stdout: stored } = await mustSucceed(kubectl(create, manifest(SCALING)));
					expect(JSON.parse(stored).spec).to.deep.include(SCALING);
				});
				const refused = await kubectl(create, manifest({ sessionStorage: { provider: 'redis' } }));
				expect(refused.code).to.equal(1);
				expect(refused.stderr).to.contain('address is required when provider is redis');
			}
		});
	}
});

const fieldsOf = (text: string): object =>
	parse(text).spec.versions[0].schema.openAPIV3Schema.properties.spec.properties;

/** `text` without the lines of the scaling fields. */
function withoutFields(text: string): string {
	const document = parseDocument(text);
	const cuts = [0, 1].flatMap((version) => {
		const path = ['spec', 'versions', version, 'schema', 'openAPIV3Schema', 'properties', 'spec', 'properties'];
		const properties = document.getIn(path);
		if (!isMap(properties)) throw new Error('the CRD has an unknown structure');
		const starts = properties.items.map((pair) => startOf(pair, text));
		return properties.items.flatMap(({ key }, index) =>
			FIELDS.includes(String(key)) ? [{ from: starts[index] ?? 0, to: starts[index + 1] ?? 0 }] : [],
		);
	});
	return cuts.toReversed().reduce((rest, { from, to }) => rest.slice(0, from) + rest.slice(to), text);
}

/** Offset of the line with its key. */
const startOf = ({ key }: Pair, text: string): number =>
	text.lastIndexOf('\n', (key as { range: readonly number[] }).range[0]) + 1;
