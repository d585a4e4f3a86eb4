/** OpenShift, overlay networks and other namespaces with kustomize, and that the process runs with any user. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { expect } from 'chai';
import { after, before } from 'mocha';
import { parse } from 'yaml';
import { needControlPlane } from '../../harness/control-plane/mocha.ts';
import { useHelm } from '../../harness/helm/mocha.ts';
import { type Manifest, ROOT } from '../../harness/manifest-files.ts';
import { mustSucceed } from '../../harness/product.ts';
import { startProgram } from '../../harness/program.ts';
import { comparable, objectsIn, only, render } from '../chart.ts';
import { deploymentIn, usePodSecurity } from '../pod-security.ts';

describe('platforms: kustomize', function () {
	this.timeout(60_000);
	const { kubectl, refusalOf } = usePodSecurity();
	const helm = useHelm();
	let folder: string;
	before(() => {
		folder = mkdtempSync(join(tmpdir(), 'toolhive-scaling-platforms-'));
	});
	after(() => rmSync(folder, { recursive: true, force: true }));
	const from = (path: string): string => relative(folder, join(ROOT, 'manifests', path));
	const kustomize = async (kustomization: object): Promise<Manifest[]> => {
		writeFileSync(join(folder, 'kustomization.yaml'), JSON.stringify(kustomization));
		return objectsIn((await mustSucceed(kubectl(['kustomize', folder]))).stdout);
	};
	const combine = (...components: string[]): Promise<Manifest[]> =>
		kustomize({ resources: [from('.')], components: components.map((name) => from(`components/${name}`)) });
	/** The kustomization below that heading of docs/install.md, with more components. */
	const documented = (heading: string, ...components: string[]): Promise<Manifest[]> => {
		const page = readFileSync(join(ROOT, 'docs/install.md'), 'utf8');
		const [, yaml = ''] = new RegExp(`\n## ${heading}\n[^#]*?\`\`\`yaml\n([^\`]+)\`\`\``).exec(page) ?? [];
		const given = parse(yaml) as { resources: string[] };
		expect(given.resources).to.deep.equal(['../manifests']);
		return kustomize({
			...given,
			resources: [from('.')],
			components: components.map((name) => from(`components/${name}`)),
		});
	};
	const withoutNamespace = (objects: readonly Manifest[]): Manifest[] =>
		objects.filter(({ kind }) => kind !== 'Namespace');

	for (const components of [['openshift'], ['cert-manager', 'openshift'], ['provided-secret', 'openshift']]) {
		it(`${components.join(' and ')} › rendered › no fixed user or group, and Pod Security restricted accepts it`, async () => {
			const deployment = deploymentIn(await combine(...components));
			const { securityContext } = deployment.spec.template.spec;
			expect(securityContext).to.deep.equal({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
			expect(JSON.stringify(deployment)).to.not.match(/"(runAsUser|runAsGroup|fsGroup)"/);
			expect(await refusalOf(deployment, 'restricted')).to.equal('');
		});
	}
	it('docs/install.md › host network › the kustomization renders what the chart renders, in a namespace that allows it', async () => {
		const objects = await documented('When the API server does not reach pods');
		const rendered = await render(helm, { hostNetwork: true });
		expect(comparable(withoutNamespace(objects))).to.deep.equal(comparable(rendered));
		const labels = only(objects, 'Namespace').metadata.labels ?? {};
		for (const mode of ['enforce', 'audit', 'warn'])
			expect(labels[`pod-security.kubernetes.io/${mode}`], mode).to.equal('privileged');
	});
	for (const [components, values] of [
		[[], {}],
		[
			['cert-manager', 'pod-mode', 'monitoring'],
			{ certificates: { mode: 'cert-manager' }, serve: { passwordEnv: 'pod' }, monitoring: { enabled: true } },
		],
	] as const) {
		it(`docs/install.md › another namespace with ${components.join() || 'no component'} › what the chart renders there`, async () => {
			const objects = await documented('Another namespace', ...components);
			const { namespace = '' } = deploymentIn(objects).metadata;
			expect(namespace).not.to.equal('toolhive-scaling');
			expect(comparable(withoutNamespace(objects))).to.deep.equal(comparable(await render(helm, values, namespace)));
		});
	}
});

describe('platforms: an arbitrary user', function () {
	this.timeout(60_000);
	const controlPlane = needControlPlane({ isOwn: true });
	// As OpenShift starts it: a number that no passwd file has, group 0, and `/` as home.
	const AS_ASSIGNED_USER = ['unshare', '--user', '--map-user=1000680000', '--map-group=0'];
	before('user namespaces', function () {
		const [command = '', ...args] = AS_ASSIGNED_USER;
		if (spawnSync(command, [...args, 'true']).status !== 0) this.skip();
	});

	it('serve › started as a user without a passwd entry › leads and serves', async () => {
		const kubectl = (...args: string[]) => controlPlane().kubectl(args, { user: 'admin' });
		await mustSucceed(kubectl('apply', '-k', join(ROOT, 'manifests/overlays/openshift')));
		const flags = [`--kubeconfig=${controlPlane().kubeconfig('webhook')}`, '--webhook-port=0', '--metrics-port=0'];
		const env = { KUBERNETES_SERVICE_HOST: '127.0.0.1', HOME: '/' };
		const program = startProgram(['serve', ...flags], env, { launcher: AS_ASSIGNED_USER });
		try {
			await program.said('leading');
		} finally {
			await program.kill();
		}
	});
});
