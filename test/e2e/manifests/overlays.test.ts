/**
 * Each overlay, and all overlays together, on a real API server with the real CRDs from cert-manager and the Prometheus
 * operator.
 */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { expect } from 'chai';
import { after, before } from 'mocha';
import { findCrds } from '../../../endurance/cert-manager/build.ts';
import { GoModuleMissing } from '../../../endurance/go-program.ts';
import { findOperatorCrds } from '../../../endurance/monitoring/programs.ts';
import { needControlPlane } from '../../harness/control-plane/mocha.ts';
import { type Manifest, ROOT } from '../../harness/manifest-files.ts';
import { mustSucceed } from '../../harness/product.ts';
import { deploymentIn, objectsIn, podIn } from '../chart.ts';

const OVERLAYS = join(ROOT, 'manifests/overlays');

describe('manifests: overlays', function () {
	this.timeout(60_000);
	// This suite needs its own control plane, because other suites must not find its CRDs.
	const controlPlane = needControlPlane({ isOwn: true });
	let folder: string;
	const kubectl = (...args: string[]) => controlPlane().kubectl(args, { user: 'admin' });
	before('CRDs of other projects', async function () {
		this.timeout(600_000);
		folder = mkdtempSync(join(tmpdir(), 'toolhive-scaling-overlays-'));
		// A dry run does not create the namespace, but the other objects need it.
		await mustSucceed(kubectl('apply', '-f', join(ROOT, 'manifests/base/10-namespace.yaml')));
		try {
			for (const crds of [await findCrds(process.env), await findOperatorCrds(process.env)]) {
				const files = readdirSync(crds).filter((file) => file.endsWith('.yaml'));
				await mustSucceed(kubectl('create', ...files.flatMap((file) => ['-f', join(crds, file)])));
			}
			await mustSucceed(kubectl('wait', '--for=condition=Established', 'crd', '--all', '--timeout=120s'));
		} catch (error) {
			if (!(error instanceof GoModuleMissing) || process.env['CI'] === 'true') throw error;
			process.stderr.write(`\n!! tests of the overlays are SKIPPED: ${error.message}\n\n`);
			this.skip();
		}
	});
	after(() => rmSync(folder, { recursive: true, force: true }));

	const accepts = async (kustomization: string): Promise<void> => {
		const { code, stderr } = await kubectl('apply', '--dry-run=server', '-k', kustomization);
		expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' });
	};
	const rendered = async (kustomization: string): Promise<Manifest[]> =>
		objectsIn((await mustSucceed(kubectl('kustomize', kustomization))).stdout);

	for (const overlay of readdirSync(OVERLAYS)) {
		it(`${overlay} › every object is accepted, without a warning or a permission for all Secrets`, async () => {
			await accepts(join(OVERLAYS, overlay));
			const roles = (await rendered(join(OVERLAYS, overlay))).filter(({ kind }) => kind === 'ClusterRole');
			expect(roles).to.have.length(1);
			expect(JSON.stringify(roles)).not.to.match(/"(secrets|\*)"/);
		});
	}
	it('all overlays together › every object is accepted, without a warning', async () => {
		const from = (path: string): string => relative(folder, join(ROOT, 'manifests', path));
		const names = ['cert-manager', 'pod-mode', 'high-availability', 'namespace-opt-in', 'monitoring'];
		const components = names.map((name) => from(`components/${name}`));
		writeFileSync(join(folder, 'kustomization.yaml'), JSON.stringify({ resources: [from('.')], components }));
		await accepts(folder);
	});

	it('cert-manager › one Secret for certificate and pods, one CA for both webhook configurations', async () => {
		const objects = await rendered(join(OVERLAYS, 'cert-manager'));
		const named = (kind: string, name: string) =>
			objects.find((object) => object.kind === kind && object.metadata.name === name)?.spec as Record<string, unknown>;
		const serving = named('Certificate', 'toolhive-scaling');
		const ca = named('Certificate', 'toolhive-scaling-authority');
		expect(serving['secretName']).to.equal(podIn(objects).volumes[0]?.secret?.secretName);
		expect(serving['issuerRef']).to.deep.equal({ kind: 'Issuer', name: 'toolhive-scaling-authority' });
		expect(named('Issuer', 'toolhive-scaling-authority')['ca']).to.deep.equal({ secretName: ca['secretName'] });
		// Pods and API server read a renewed CA at different times, so the CA keeps its key.
		expect(ca).to.deep.include({ isCA: true, duration: '43800h', renewBefore: '14600h' });
		expect(ca['privateKey']).to.include({ rotationPolicy: 'Never' });
		expect(serving).to.deep.include({ duration: '2160h', renewBefore: '720h' });
		const configurations = objects.filter(({ kind }) => kind.endsWith('WebhookConfiguration'));
		expect(configurations).to.have.length(2);
		const annotations = { 'cert-manager.io/inject-ca-from': 'toolhive-scaling/toolhive-scaling' };
		for (const { metadata } of configurations) expect(metadata).to.have.deep.property('annotations', annotations);
	});
	it('high-availability › three replicas, spread over hosts, and over zones where possible', async () => {
		const { replicas, template } = deploymentIn(await rendered(join(OVERLAYS, 'high-availability'))).spec;
		expect(replicas).to.equal(3);
		const constraints = template.spec.topologySpreadConstraints;
		const whenUnsatisfiable = constraints.map((one) => one.whenUnsatisfiable);
		expect(whenUnsatisfiable).to.deep.equal(['DoNotSchedule', 'ScheduleAnyway']);
		expect(constraints[0]).to.include({ minDomains: 2, maxSkew: 1, nodeTaintsPolicy: 'Honor' });
	});
});
