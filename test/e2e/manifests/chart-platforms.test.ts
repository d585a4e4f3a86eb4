/** The chart on OpenShift and overlay networks, and whether a real Pod Security admission accepts its pods. */
import { expect } from 'chai';
import { HELM_VERSIONS, type HelmGeneration } from '../../harness/helm/build.ts';
import { useHelm } from '../../harness/helm/mocha.ts';
import { CHART, refusal, render, type Values } from '../chart.ts';
import { deploymentIn, podIn, usePodSecurity } from '../pod-security.ts';

const ASSIGNED = { podSecurityContext: { runAsUser: null, runAsGroup: null } };
const PROVIDED = { certificates: { mode: 'provided' } };

for (const generation of Object.keys(HELM_VERSIONS) as HelmGeneration[]) {
	describe(`chart on other platforms: Helm ${HELM_VERSIONS[generation]}`, function () {
		this.timeout(60_000);
		const { controlPlane, refusalOf } = usePodSecurity();
		const helm = useHelm(generation);

		for (const [variant, values] of [
			['default', {}],
			['provided certificate', PROVIDED],
			['no fixed user', ASSIGNED],
			['no fixed user, provided certificate', { ...ASSIGNED, ...PROVIDED }],
			['another user', { podSecurityContext: { runAsUser: 1_000_680_000, runAsGroup: 0, fsGroup: 1_000_680_000 } }],
			['dnsPolicy', { dnsPolicy: 'Default' }],
			['no replicas', { replicas: null }],
			['high availability', { highAvailability: true }],
		] as const satisfies readonly (readonly [string, Values])[]) {
			it(`${variant} › created where Pod Security is restricted › accepted`, async () =>
				expect(await refusalOf(deploymentIn(await render(helm, values)), 'restricted')).to.equal(''));
		}
		for (const left of [null, '']) {
			it(`podSecurityContext › runAsUser and runAsGroup ${JSON.stringify(left)} › left out, with fsGroup`, async () => {
				const podSecurityContext = { runAsUser: left, runAsGroup: left };
				const { securityContext } = podIn(await render(helm, { podSecurityContext, ...PROVIDED }));
				expect(securityContext).to.deep.equal({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
			});
		}
		it('podSecurityContext › numbers › as they were given, and fsGroup follows the group unless it is set', async () => {
			const given = { runAsUser: 1_000_680_000, runAsGroup: 1_000_680_001 };
			const follows = podIn(await render(helm, { podSecurityContext: given, ...PROVIDED })).securityContext;
			expect(follows).to.include({ ...given, fsGroup: given.runAsGroup });
			const own = podIn(await render(helm, { podSecurityContext: { fsGroup: 7 }, ...PROVIDED })).securityContext;
			expect(own).to.include({ runAsUser: 65532, fsGroup: 7 });
			const none = podIn(await render(helm, { podSecurityContext: { fsGroup: '' }, ...PROVIDED })).securityContext;
			expect(none).not.to.have.property('fsGroup');
		});
		it('hostNetwork › created at each Pod Security level › only privileged accepts it', async () => {
			const deployment = deploymentIn(await render(helm, { hostNetwork: true }));
			for (const level of ['restricted', 'baseline'] as const)
				expect(await refusalOf(deployment, level)).to.include('host namespaces (hostNetwork=true)');
			expect(await refusalOf(deployment, 'privileged')).to.equal('');
		});
		it('hostNetwork › rendered › cluster names resolve, and an update never needs the ports of a node twice', async () => {
			const deployment = deploymentIn(await render(helm, { hostNetwork: true }));
			expect(deployment.spec.template.spec).to.include({ hostNetwork: true, dnsPolicy: 'ClusterFirstWithHostNet' });
			expect(deployment.spec.strategy.rollingUpdate).to.deep.equal({ maxUnavailable: 1, maxSurge: 0 });
			const own = podIn(await render(helm, { hostNetwork: true, dnsPolicy: 'Default' }));
			expect(own).to.include({ dnsPolicy: 'Default' });
			expect(podIn(await render(helm))).not.to.have.any.keys('hostNetwork', 'dnsPolicy');
		});
		it('hostNetwork › installed where Pod Security refuses it › refused before anything is written, with the command', async () => {
			const install = (namespace: string) =>
				helm(
					[
						'install',
						'any',
						CHART,
						'-n',
						namespace,
						'--dry-run=server',
						'--take-ownership',
						'--set',
						'hostNetwork=true',
					],
					{
						kubeconfig: controlPlane().kubeconfig('admin'),
					},
				);
			for (const level of ['restricted', 'baseline']) {
				const { code, stderr } = await install(level);
				expect(code).to.equal(1);
				expect(stderr).to.include(`${level} enforces Pod Security ${level}`);
				expect(stderr).to.include(`kubectl label namespace ${level} pod-security.kubernetes.io/enforce=privileged`);
			}
			const { code, stdout, stderr } = await install('privileged');
			expect(code, stderr).to.equal(0);
			expect(stdout).to.include('hostNetwork: true').and.not.to.include('enforce=restricted');
		});
		for (const [port, name] of [
			[10250, 'webhookPort'],
			[443, 'webhookPort'],
			[10250, 'metricsPort'],
		] as const) {
			it(`hostNetwork › ${name} ${port} › refused, and accepted without hostNetwork`, async () => {
				const serve = { [name]: port };
				expect(await refusal(helm, { hostNetwork: true, serve })).to.include(`serve.${name}: ${port} cannot be used`);
				expect(podIn(await render(helm, { serve })).containers[0]?.ports.map((one) => one.containerPort)).to.include(
					port,
				);
			});
		}
		for (const [given, ...named] of [
			[{ podSecurityContext: { runAsuser: 1 } }, '/podSecurityContext', 'runAsuser'],
			[{ podSecurityContext: { runAsUser: 'root' } }, '/podSecurityContext/runAsUser', 'got string, want integer'],
			[{ podSecurityContext: { fsGroup: -1 } }, '/podSecurityContext/fsGroup', 'got -1, want 0'],
			[{ podSecurityContext: null }, "missing property 'podSecurityContext'"],
			[{ hostNetwork: 'yes' }, '/hostNetwork', 'want boolean'],
			[{ dnsPolicy: 'None' }, '/dnsPolicy', "'ClusterFirstWithHostNet'"],
		] as const) {
			it(`${JSON.stringify(given)} › rendered › refused by name`, async () => {
				const message = await refusal(helm, given);
				for (const part of named) expect(message).to.include(part);
			});
		}
	});
}
