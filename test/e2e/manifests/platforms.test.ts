/**
 * OpenShift, overlay networks and other namespaces, with Helm and kustomize. Checks that Pod Security admission accepts
 * the pods.
 */
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
import { CHART, comparable, deploymentIn, objectsIn, only, podIn, render, type Values } from '../chart.ts';

const LEVELS = ['restricted', 'baseline', 'privileged'] as const;
const ASSIGNED = { podSecurityContext: { runAsUser: null, runAsGroup: null } };
const PROVIDED = { certificates: { mode: 'provided' } };
/** The command that starts a program as OpenShift does: a user id without a passwd entry, group 0, and `/` as home. */
const AS_ASSIGNED_USER = ['unshare', '--user', '--map-user=1000680000', '--map-group=0'] as const;

describe('manifests: other platforms', function () {
	this.timeout(60_000);
	const controlPlane = needControlPlane({ isOwn: true });
	const helm = useHelm();
	let folder: string;
	const kubectl = (args: readonly string[], input?: string) =>
		controlPlane().kubectl(args, { user: 'admin', ...(input !== undefined && { input }) });
	before(async () => {
		folder = mkdtempSync(join(tmpdir(), 'toolhive-scaling-platforms-'));
		for (const level of LEVELS) {
			await mustSucceed(kubectl(['create', 'namespace', level]));
			await mustSucceed(kubectl(['label', 'namespace', level, `pod-security.kubernetes.io/enforce=${level}`]));
			await mustSucceed(kubectl(['create', 'serviceaccount', 'toolhive-scaling', '-n', level]));
		}
	});
	after(() => rmSync(folder, { recursive: true, force: true }));

	/** Returns why a namespace with this level refuses the pods with these values. Empty if it accepts them. */
	const refusedAt = async (level: (typeof LEVELS)[number], values: Values): Promise<string> => {
		const spec = podIn(await render(helm, values));
		const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'any' }, spec };
		return (await kubectl(['create', '--dry-run=server', '-n', level, '-f', '-'], JSON.stringify(pod))).stderr;
	};

	for (const [title, values] of [
		['default', {}],
		['no fixed user, provided certificate', { ...ASSIGNED, ...PROVIDED }],
		['another user', { podSecurityContext: { runAsUser: 1_000_680_000, runAsGroup: 0, fsGroup: 1_000_680_000 } }],
	] as const satisfies readonly (readonly [string, Values])[]) {
		it(`chart, ${title} › a restricted namespace accepts the pods`, async () =>
			expect(await refusedAt('restricted', values)).to.equal(''));
	}
	it('podSecurityContext › numbers, or fields left out › fsGroup follows the group unless it is set', async () => {
		const given = { runAsUser: 1_000_680_000, runAsGroup: 1_000_680_001 };
		const contextWith = async (podSecurityContext: object) =>
			podIn(await render(helm, { podSecurityContext, ...PROVIDED })).securityContext;
		expect(await contextWith(given)).to.include({ ...given, fsGroup: given.runAsGroup });
		expect(await contextWith({ fsGroup: 7 })).to.include({ runAsUser: 65532, fsGroup: 7 });
		expect(await contextWith({ fsGroup: '' })).not.to.have.property('fsGroup');
		const nonRoot = { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } };
		for (const left of [null, ''])
			expect(await contextWith({ runAsUser: left, runAsGroup: left })).to.deep.equal(nonRoot);
	});
	it('hostNetwork › rendered › cluster names resolve, and an update needs no port twice', async () => {
		const { template, strategy } = deploymentIn(await render(helm, { hostNetwork: true })).spec;
		expect(template.spec).to.include({ hostNetwork: true, dnsPolicy: 'ClusterFirstWithHostNet' });
		expect(strategy.rollingUpdate).to.deep.equal({ maxUnavailable: 1, maxSurge: 0 });
		const own = podIn(await render(helm, { hostNetwork: true, dnsPolicy: 'Default' }));
		expect(own).to.include({ dnsPolicy: 'Default' });
		expect(podIn(await render(helm))).not.to.have.any.keys('hostNetwork', 'dnsPolicy');
	});
	for (const level of LEVELS) {
		it(`hostNetwork › helm install in a ${level} namespace › ${level === 'privileged' ? 'installed' : 'refused, with the command'}`, async () => {
			const isAllowed = level === 'privileged';
			const refused = await refusedAt(level, { hostNetwork: true });
			expect(refused).to.include(isAllowed ? '' : 'host namespaces (hostNetwork=true)');
			const how = ['--dry-run=server', '--take-ownership', '--set', 'hostNetwork=true'];
			const kubeconfig = controlPlane().kubeconfig('admin');
			const { code, stdout, stderr } = await helm(['install', 'any', CHART, '-n', level, ...how], { kubeconfig });
			expect(code, stderr).to.equal(isAllowed ? 0 : 1);
			if (isAllowed) expect(stdout).to.include('hostNetwork: true').and.not.to.include('enforce=restricted');
			else
				expect(stderr)
					.to.include(`${level} enforces Pod Security ${level}`)
					.and.include(`kubectl label namespace ${level} pod-security.kubernetes.io/enforce=privileged`);
		});
	}

	/** Renders the kustomization under `heading` in docs/install.md, with more components, and compares it with the chart. */
	const expectDocumented = async (heading: string, components: string[], values: Values): Promise<Manifest[]> => {
		const page = readFileSync(join(ROOT, 'docs/install.md'), 'utf8');
		const [, yaml = ''] = new RegExp(`\n## ${heading}\n[^#]*?\`\`\`yaml\n([^\`]+)\`\`\``).exec(page) ?? [];
		const given = parse(yaml) as { resources: string[] };
		expect(given.resources).to.deep.equal(['../manifests']);
		const from = (path: string): string => relative(folder, join(ROOT, 'manifests', path));
		const paths = components.map((name) => from(`components/${name}`));
		const kustomization = { ...given, resources: [from('.')], components: paths };
		writeFileSync(join(folder, 'kustomization.yaml'), JSON.stringify(kustomization));
		const objects = objectsIn((await mustSucceed(kubectl(['kustomize', folder]))).stdout);
		const rendered = await render(helm, values, deploymentIn(objects).metadata.namespace);
		// Helm creates the namespace itself.
		const installed = objects.filter(({ kind }) => kind !== 'Namespace');
		expect(comparable(installed)).to.deep.equal(comparable(rendered));
		return objects;
	};
	it('docs/install.md › host network › the same objects as the chart, in a namespace that allows it', async () => {
		const objects = await expectDocumented('When the API server does not reach pods', [], { hostNetwork: true });
		const labels = only(objects, 'Namespace').metadata.labels ?? {};
		for (const mode of ['enforce', 'audit', 'warn'])
			expect(labels[`pod-security.kubernetes.io/${mode}`], mode).to.equal('privileged');
	});
	it('docs/install.md › another namespace, with components › the same objects as the chart', async () => {
		const values = { certificates: { mode: 'cert-manager' }, serve: { passwordEnv: 'pod' } };
		const components = ['cert-manager', 'pod-mode', 'monitoring'];
		const monitored = { ...values, monitoring: { enabled: true } };
		const objects = await expectDocumented('Another namespace', components, monitored);
		expect(deploymentIn(objects).metadata.namespace).not.to.equal('toolhive-scaling');
	});

	it('serve › started as a user without a passwd entry › leads and serves', async function () {
		const [command, ...args] = AS_ASSIGNED_USER;
		if (spawnSync(command, [...args, 'true']).status !== 0) this.skip();
		await mustSucceed(kubectl(['apply', '-k', join(ROOT, 'manifests/overlays/openshift')]));
		const flags = [`--kubeconfig=${controlPlane().kubeconfig('webhook')}`, '--webhook-port=0', '--metrics-port=0'];
		const env = { KUBERNETES_SERVICE_HOST: '127.0.0.1', HOME: '/' };
		const program = startProgram(['serve', ...flags], env, { launcher: AS_ASSIGNED_USER });
		try {
			await program.logged('leading');
		} finally {
			await program.kill();
		}
	});
});
