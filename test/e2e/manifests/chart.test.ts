/** Helm and kustomize agree: in each mode, the chart renders exactly the objects in the kustomizations. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { expect } from 'chai';
import { after, before } from 'mocha';
import { parse } from 'yaml';
import { chartFiles } from '../../../scripts/chart-files.ts';
import { needControlPlane } from '../../harness/control-plane/mocha.ts';
import { useHelm } from '../../harness/helm/mocha.ts';
import { type Manifest, ROOT } from '../../harness/manifest-files.ts';
import { CHART, comparable, objectsIn, only, render, type Values } from '../chart.ts';

const PROVIDED = { certificates: { mode: 'provided' } };
const CERT_MANAGER = { certificates: { mode: 'cert-manager' } };
const POD_MODE = { serve: { passwordEnv: 'pod' } };
const OPT_IN = { namespaceOptIn: true };
const HIGHLY_AVAILABLE = { highAvailability: true };
const MONITORED = { monitoring: { enabled: true } };
const OPENSHIFT = { podSecurityContext: { runAsUser: null, runAsGroup: null } };

const MODES: readonly (readonly [mode: string, values: Values, ...components: string[]])[] = [
	['default', {}],
	['provided Secret', PROVIDED, 'provided-secret'],
	['cert-manager', CERT_MANAGER, 'cert-manager'],
	['pod mode', POD_MODE, 'pod-mode'],
	['namespaces that opt in', OPT_IN, 'namespace-opt-in'],
	['highly available', HIGHLY_AVAILABLE, 'high-availability'],
	['monitored', MONITORED, 'monitoring'],
	['OpenShift', OPENSHIFT, 'openshift'],
	['OpenShift with a provided Secret', { ...OPENSHIFT, ...PROVIDED }, 'provided-secret', 'openshift'],
	[
		'all of it',
		{ ...CERT_MANAGER, ...POD_MODE, ...OPT_IN, ...HIGHLY_AVAILABLE, ...MONITORED },
		...['cert-manager', 'pod-mode', 'high-availability', 'namespace-opt-in', 'monitoring'],
	],
];

describe('chart: objects', function () {
	this.timeout(60_000);
	const controlPlane = needControlPlane();
	const helm = useHelm();
	let folder: string;
	before(() => {
		folder = mkdtempSync(join(tmpdir(), 'toolhive-scaling-chart-'));
	});
	after(() => rmSync(folder, { recursive: true, force: true }));

	/** Renders a kustomization in which a user combines these components. */
	async function kustomized(components: readonly string[]): Promise<Manifest[]> {
		const from = (path: string): string => relative(folder, join(ROOT, 'manifests', path));
		const kustomization = {
			resources: [from('.')],
			components: components.map((component) => from(`components/${component}`)),
		};
		writeFileSync(join(folder, 'kustomization.yaml'), JSON.stringify(kustomization));
		const { code, stdout, stderr } = await controlPlane().kubectl(['kustomize', folder]);
		expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' });
		return objectsIn(stdout);
	}
	/** Removes the namespace, because Helm creates it. */
	const withoutNamespace = (objects: readonly Manifest[]): Manifest[] =>
		objects.filter(({ kind }) => kind !== 'Namespace');

	for (const [mode, values, ...components] of MODES) {
		it(`${mode} › the same objects as kustomize, with Helm's labels, which select no pods`, async () => {
			const objects = await render(helm, values);
			expect(comparable(objects)).to.deep.equal(comparable(withoutNamespace(await kustomized(components))));
			// The leader or cert-manager writes the caBundles and the Secret.
			if (!mode.includes('provided')) expect(JSON.stringify(objects)).not.to.match(/"caBundle":|"kind":"Secret"/);
			for (const { metadata, spec } of objects) {
				expect(metadata.labels).to.include({
					'app.kubernetes.io/managed-by': 'Helm',
					'app.kubernetes.io/instance': 'any',
				});
				expect(JSON.stringify(spec ?? {})).not.to.include('app.kubernetes.io/managed-by');
			}
		});
	}

	it('overlays › one for each component, with the same objects', async () => {
		const components = readdirSync(join(ROOT, 'manifests/components'));
		expect(readdirSync(join(ROOT, 'manifests/overlays'))).to.have.members(components);
		for (const component of components) {
			const { stdout } = await controlPlane().kubectl(['kustomize', join(ROOT, 'manifests/overlays', component)]);
			expect(comparable(objectsIn(stdout)), component).to.deep.equal(comparable(await kustomized([component])));
		}
	});

	it('docs/install.md › combines the same components as this test, in the same order', () => {
		const [, yaml = ''] =
			/```yaml\n(apiVersion: kustomize[^`]*components:[^`]*)```/.exec(
				readFileSync(join(ROOT, 'docs/install.md'), 'utf8'),
			) ?? [];
		const { components } = parse(yaml) as { components: string[] };
		expect(components.map((path) => path.split('/').at(-1))).to.deep.equal(MODES.at(-1)?.slice(2));
	});
});

describe('chart: files', function () {
	this.timeout(60_000);
	const helm = useHelm();

	it('helm lint --strict › no findings', async () => {
		const { code, stdout } = await helm(['lint', '--strict', CHART]);
		expect(stdout).to.include('0 chart(s) failed');
		expect(code).to.equal(0);
	});
	it('files/ › exactly the files that `make manifests` writes', () => {
		const written = chartFiles().map(({ file }) => file.split('/').at(-1));
		expect(readdirSync(join(CHART, 'files'))).to.have.members(written);
	});
	it('a cluster below 1.30 › refused, with the reason', async () => {
		const { code, stderr } = await helm(['template', 'any', CHART, '--kube-version', '1.29.9']);
		expect(code).to.equal(1);
		expect(stderr).to.include('requires kubeVersion: >=1.30.0-0');
		// A managed cluster reports its version in this form.
		expect((await helm(['template', 'any', CHART, '--kube-version', 'v1.30.2-gke.1'])).code).to.equal(0);
	});
	it('dashboard › Flux applies it with postBuild.substitute › its variables are kept', async () => {
		const objects = await render(helm, { monitoring: { enabled: true } });
		const { data, metadata } = only<{ metadata: object; data: object }>(objects, 'ConfigMap');
		expect(JSON.stringify(data)).to.match(/\$\{datasource\}/);
		expect(metadata).to.deep.include({ annotations: { 'kustomize.toolkit.fluxcd.io/substitute': 'disabled' } });
	});
});
