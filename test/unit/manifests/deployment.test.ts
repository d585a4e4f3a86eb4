/** Compares manifests/base, without webhooks and RBAC, with the flags, ports and paths in the code. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { MUTATE_PATH, VALIDATE_PATH } from '../../../src/api/webhook-configurations.ts';
import { SERVE_OPTIONS } from '../../../src/cli/flags.ts';
import { readOptions } from '../../../src/cli/options.ts';
import { SELF_CHECK_TIMEOUT_MS } from '../../../src/http/self-check.ts';
import type { Container, Selector, Service, Volume } from '../../harness/manifest-files.ts';
import * as manifests from '../../harness/manifest-files.ts';
import { mutating, objectOf, podWebhooks, ROOT, template, validating } from '../../harness/manifest-files.ts';

const { spec: pod, metadata } = template();
const container = pod.containers[0] ?? expect.fail('the Deployment has no container');
const { livenessProbe, readinessProbe, startupProbe } = container;
const [command, ...flags] = container.args;
const options = readOptions(SERVE_OPTIONS, flags, {});
const specOf = <T = object>(kind: string, name?: string): T => objectOf(kind, name).spec as T;
const portNamed = (name: string): number | undefined =>
	container.ports.find((port) => port.name === name)?.containerPort;

describe('manifests: base', () => {
	const objects = manifests.baseObjects();

	it('files › applied in the order of their numbers, webhook configurations last', () => {
		const numbered = readdirSync(manifests.BASE).filter((file) => file !== 'kustomization.yaml');
		expect(manifests.baseFiles()).to.deep.equal(numbered.sort());
		const last = objects.slice(-2).map(({ kind }) => kind);
		expect(last).to.deep.equal(['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration']);
	});
	it('objects › in one namespace, and neither CRDs nor Secrets', () => {
		const clusterScoped = /^(Namespace|ClusterRole|ClusterRoleBinding|\w+WebhookConfiguration)$/;
		for (const {
			kind,
			metadata: { namespace },
		} of objects) {
			expect(namespace, kind).to.equal(clusterScoped.test(kind) ? undefined : 'toolhive-scaling');
			expect(kind).not.to.match(/^(CustomResourceDefinition|Secret)$/);
		}
	});
});

describe('manifests: Deployment', () => {
	it('security context › the user of the image, and a read-only root file system', () => {
		const [, user, group] = /^USER (\d+):(\d+)$/m.exec(readFileSync(join(ROOT, 'Dockerfile'), 'utf8')) ?? [];
		expect(pod.securityContext).to.include({ runAsUser: Number(user), runAsGroup: Number(group) });
		expect(container.securityContext).to.include({ readOnlyRootFilesystem: true });
		for (const mode of ['enforce', 'warn', 'audit'])
			expect(objectOf('Namespace').metadata.labels).to.include({
				[`pod-security.kubernetes.io/${mode}`]: 'restricted',
			});
	});
	it('image › the version in package.json', () => {
		const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
		expect(container.image.split(':').at(-1)).to.equal(version);
	});
	it('arguments and ports › those of serve, even in pod mode', () => {
		expect(command).to.equal('serve');
		expect(options['password-env']).to.equal('deployment');
		expect(readOptions(SERVE_OPTIONS, [...flags, ...manifests.podModeArgs()], {})['password-env']).to.equal('pod');
		expect([portNamed('https'), portNamed('metrics')]).to.deep.equal([
			options['webhook-port'],
			options['metrics-port'],
		]);
	});
	it('certificates › issued by the leader; a provided Secret is mounted where serve reads it, as a folder', () => {
		expect(options['tls-dir']).to.equal(undefined);
		expect(container).not.to.have.property('volumeMounts');
		expect(pod).not.to.have.property('volumes');
		const mount = manifests.providedMount();
		const args = [...flags, String(mount.get('containers/0/args/-'))];
		const [tls] = mount.get('containers/0/volumeMounts') as Container['volumeMounts'];
		expect(tls).to.include({ mountPath: readOptions(SERVE_OPTIONS, args, {})['tls-dir'], readOnly: true });
		expect(tls).not.to.have.property('subPath');
		const [volume] = mount.get('volumes') as Volume[];
		expect([volume?.name, volume?.secret?.secretName]).to.deep.equal([tls?.name, 'toolhive-scaling-tls']);
		expect(volume?.secret?.items.map(({ path }) => path)).to.have.members(['tls.crt', 'tls.key']);
		expect(mount.get('securityContext/fsGroup')).to.equal(pod.securityContext['runAsGroup']);
	});
	it('termination grace period › draining and the last review, longer than after a failed liveness probe', () => {
		const webhooks = [...mutating(), ...podWebhooks(), ...validating()];
		const longest = Math.max(...webhooks.map(({ timeoutSeconds = 10 }) => timeoutSeconds));
		expect(pod.terminationGracePeriodSeconds).to.be.at.least(options['drain-seconds'] + longest + 5);
		expect(livenessProbe.terminationGracePeriodSeconds).to.be.below(pod.terminationGracePeriodSeconds);
	});
	it('replicas › two, spread where possible, and an update removes a pod only after it has added one', () => {
		const deployment = specOf<{ readonly replicas: number }>('Deployment');
		expect(deployment.replicas).to.be.at.least(2);
		expect(deployment).to.have.nested.property('strategy.rollingUpdate.maxUnavailable', 0);
		// A cluster with one node must be able to run both replicas.
		const spread = pod.topologySpreadConstraints.map((one) => `${one.topologyKey} ${one.whenUnsatisfiable}`);
		expect(spread).to.include('kubernetes.io/hostname ScheduleAnyway').and.have.length(2);
		expect(spread.join()).not.to.include('DoNotSchedule');
	});
	it('resources and token › requests for both, no CPU limit, and a token for this pod only', () => {
		expect(container.resources.requests).to.have.all.keys('cpu', 'memory');
		expect(container.resources.limits).to.have.all.keys('memory');
		expect(pod).to.include({ serviceAccountName: 'toolhive-scaling', automountServiceAccountToken: true });
		expect(pod).to.include({ enableServiceLinks: false });
		expect(objectOf('ServiceAccount')).to.include({ automountServiceAccountToken: false });
	});
	it('probes › paths on the health port; the readiness timeout allows for the reason from the self-check', () => {
		for (const { httpGet } of [livenessProbe, startupProbe])
			expect(httpGet).to.deep.include({ path: '/livez', port: 'metrics' });
		expect(readinessProbe.httpGet).to.deep.include({ path: '/readyz', port: 'metrics' });
		expect((readinessProbe.timeoutSeconds ?? 1) * 1_000).to.be.above(SELF_CHECK_TIMEOUT_MS);
	});
});

describe('manifests: Services, budget and network policy', () => {
	it('selectors › the labels of the pods', () => {
		const { selector } = specOf<{ selector: Selector }>('Deployment');
		// An empty selector would select everything.
		expect(selector.matchLabels).not.to.deep.equal({});
		expect(metadata.labels).to.include(selector.matchLabels);
		for (const { labelSelector } of pod.topologySpreadConstraints) expect(labelSelector).to.deep.equal(selector);
		expect(specOf('PodDisruptionBudget')).to.deep.include({ selector });
		expect(specOf('NetworkPolicy')).to.deep.include({ podSelector: selector });
		for (const name of ['toolhive-scaling', 'toolhive-scaling-metrics']) {
			const service = specOf<Service>('Service', name);
			expect(metadata.labels).to.include(service.selector);
			for (const { targetPort } of service.ports) expect(portNamed(targetPort)).to.be.a('number');
		}
		// Each pod has its own metrics, so the Service is headless.
		expect(specOf('Service', 'toolhive-scaling-metrics')).to.include({ clusterIP: 'None' });
	});
	it('disruption budget › a node can be drained with one replica, and with a pod that is not ready', () => {
		const budget = specOf('PodDisruptionBudget');
		expect(budget).to.include({ maxUnavailable: 1, unhealthyPodEvictionPolicy: 'AlwaysAllow' });
		expect(budget).not.to.have.property('minAvailable');
	});
	it('webhooks › call the Service, its port, and the path of their kind', () => {
		const [port] = specOf<Service>('Service', 'toolhive-scaling').ports;
		const service = { name: 'toolhive-scaling', namespace: 'toolhive-scaling', port: port?.port };
		for (const { clientConfig } of [...mutating(), ...podWebhooks()])
			expect(clientConfig.service).to.deep.equal({ ...service, path: MUTATE_PATH });
		for (const { clientConfig } of validating())
			expect(clientConfig.service).to.deep.equal({ ...service, path: VALIDATE_PATH });
	});
	it('network policy › in to both ports, out to the API server at 443 and 6443', () => {
		interface Policy {
			readonly policyTypes: string[];
			readonly ingress: { ports: { port: string }[] }[];
			readonly egress: { to?: unknown; ports: { port: number; protocol: string }[] }[];
		}
		const { policyTypes, ingress, egress } = specOf<Policy>('NetworkPolicy');
		expect(policyTypes).to.have.members(['Ingress', 'Egress']);
		expect(ingress.flatMap(({ ports }) => ports.map(({ port }) => port))).to.have.members(['https', 'metrics']);
		const anywhere = egress.flatMap(({ to, ports }) => (to === undefined ? ports : []));
		for (const port of [443, 6443]) expect(anywhere).to.deep.include({ port, protocol: 'TCP' });
	});
});
