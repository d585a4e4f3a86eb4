/** manifests/base without webhooks and RBAC, against the flags, ports and paths of the code. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { MUTATE_PATH, VALIDATE_PATH } from '../../../src/api/webhook-configurations.ts';
import { SERVE_OPTIONS } from '../../../src/cli/flags.ts';
import { readOptions } from '../../../src/cli/options.ts';
import { SELF_CHECK_TIMEOUT_MS } from '../../../src/http/self-check.ts';
import * as manifests from '../../harness/manifest-files.ts';
import { mutating, objectOf, podWebhooks, ROOT, template, validating } from '../../harness/manifest-files.ts';
import type { PodTemplate, Selector, Service } from '../../harness/manifest-types.ts';

type Pod = PodTemplate['spec'];

const pod = template().spec;
const container = pod.containers[0] ?? expect.fail('the Deployment has no container');
const [command, ...flags] = container.args;
const options = readOptions(SERVE_OPTIONS, flags, {});
const namespace = objectOf('Namespace').metadata.name;
const specOf = <T>(kind: string, name?: string): T => objectOf(kind, name).spec as T;
const portNamed = (name: string): number | undefined =>
	container.ports.find((port) => port.name === name)?.containerPort;

describe('manifests: base', () => {
	it('files › applied in the order of their numbers, webhook configurations last', () => {
		const numbered = readdirSync(manifests.BASE).filter((file) => file !== 'kustomization.yaml');
		expect(manifests.baseFiles()).to.deep.equal(numbered.sort());
		const kinds = manifests.baseObjects().map(({ kind }) => kind);
		expect(kinds.slice(-2)).to.deep.equal(['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration']);
		expect(kinds).not.to.include.oneOf(['CustomResourceDefinition', 'Secret']);
	});
	it('namespaced objects › are in one namespace', () => {
		const clusterScoped = /^(Namespace|ClusterRole|ClusterRoleBinding|\w+WebhookConfiguration)$/;
		for (const { kind, metadata } of manifests.baseObjects())
			expect(metadata.namespace, kind).to.equal(clusterScoped.test(kind) ? undefined : namespace);
	});
});

describe('manifests: Deployment', () => {
	it('security context › Pod Security restricted, which the namespace enforces, and a read-only root file system', () => {
		for (const mode of ['enforce', 'warn', 'audit'])
			expect(objectOf('Namespace').metadata.labels).to.include({
				[`pod-security.kubernetes.io/${mode}`]: 'restricted',
			});
		const [, user, group] = /^USER (\d+):(\d+)$/m.exec(readFileSync(join(ROOT, 'Dockerfile'), 'utf8')) ?? [];
		expect(Number(user)).to.be.above(0);
		expect(pod.securityContext).to.deep.include({
			...{ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
			...{ runAsUser: Number(user), runAsGroup: Number(group) },
		});
		expect(container.securityContext).to.deep.include({
			...{ allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] }, readOnlyRootFilesystem: true },
		});
		expect(pod).not.to.have.property('volumes');
	});
	it('image › the version of package.json', () => {
		const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
		expect(container.image).to.match(new RegExp(`:${version}$`));
	});
	it('arguments › accepted by serve, even in pod mode', () => {
		expect(command).to.equal('serve');
		expect(options['password-env']).to.equal('deployment');
		expect(readOptions(SERVE_OPTIONS, [...flags, ...manifests.podModeArgs()], {})['password-env']).to.equal('pod');
	});
	it('ports › those of serve', () =>
		expect([portNamed('https'), portNamed('metrics')]).to.deep.equal([
			options['webhook-port'],
			options['metrics-port'],
		]));
	it('certificates › the leader makes them', () => {
		expect(options['tls-dir']).to.equal(undefined);
		expect(container).not.to.have.property('volumeMounts');
	});
	it('a provided Secret › mounted where serve reads it, as a folder that can change', () => {
		const mount = manifests.providedMount();
		const args = [...flags, String(mount.get('containers/0/args/-'))];
		const [tls] = mount.get('containers/0/volumeMounts') as [Pod['containers'][0]['volumeMounts'][0]];
		expect(tls).to.include({ mountPath: readOptions(SERVE_OPTIONS, args, {})['tls-dir'], readOnly: true });
		expect(tls).not.to.have.property('subPath');
		const [volume] = mount.get('volumes') as [Pod['volumes'][0]];
		expect(volume.name).to.equal(tls.name);
		expect(volume.secret?.secretName).to.equal('toolhive-scaling-tls');
		expect(volume.secret?.items.map(({ path }) => path)).to.have.members(['tls.crt', 'tls.key']);
		expect(mount.get('securityContext/fsGroup')).to.equal(pod.securityContext['runAsGroup']);
	});
	it('termination grace period › draining and the last review, longer than after a failed liveness probe', () => {
		const webhooks = [...mutating(), ...podWebhooks(), ...validating()];
		const longest = Math.max(...webhooks.map(({ timeoutSeconds = 10 }) => timeoutSeconds));
		expect(pod.terminationGracePeriodSeconds).to.be.at.least(options['drain-seconds'] + longest + 5);
		expect(container.livenessProbe.terminationGracePeriodSeconds).to.be.below(pod.terminationGracePeriodSeconds);
	});
	it('replicas › two, spread where possible, and an update removes none before there is another', () => {
		const { replicas, strategy } = specOf<{ replicas: number; strategy: object }>('Deployment');
		expect(replicas).to.be.at.least(2);
		expect(strategy).to.have.nested.property('rollingUpdate.maxUnavailable', 0);
		expect(pod.topologySpreadConstraints).to.have.length(2);
		expect(pod.topologySpreadConstraints.map(({ topologyKey }) => topologyKey)).to.include('kubernetes.io/hostname');
		// A cluster of one node must be able to run it.
		for (const { whenUnsatisfiable } of pod.topologySpreadConstraints)
			expect(whenUnsatisfiable).to.equal('ScheduleAnyway');
	});
	it('resources › requests for both, and no limit of CPU', () => {
		expect(container.resources.requests).to.have.all.keys('cpu', 'memory');
		expect(container.resources.limits).to.have.all.keys('memory');
	});
	it('the token › mounted by the pod alone', () => {
		expect(pod).to.include({ serviceAccountName: 'toolhive-scaling', automountServiceAccountToken: true });
		expect(pod).to.include({ enableServiceLinks: false });
		expect(objectOf('ServiceAccount')).to.include({ automountServiceAccountToken: false });
	});
	it('probes › paths of the health port; readiness waits for the reason of the self-check', () => {
		const { livenessProbe, startupProbe, readinessProbe } = container;
		for (const [probe, path] of [
			[livenessProbe, '/livez'],
			[startupProbe, '/livez'],
			[readinessProbe, '/readyz'],
		] as const)
			expect(probe.httpGet).to.deep.include({ path, port: 'metrics' });
		expect((readinessProbe.timeoutSeconds ?? 1) * 1_000).to.be.above(SELF_CHECK_TIMEOUT_MS);
	});
});

describe('manifests: Services, budget and network policy', () => {
	it('selectors › the labels of the pods', () => {
		const { labels } = template().metadata;
		const { selector } = specOf<{ selector: Selector }>('Deployment');
		// An empty one would select everything.
		expect(selector.matchLabels).not.to.deep.equal({});
		expect(labels).to.include(selector.matchLabels);
		for (const { labelSelector } of pod.topologySpreadConstraints) expect(labelSelector).to.deep.equal(selector);
		expect(specOf<object>('PodDisruptionBudget')).to.deep.include({ selector });
		expect(specOf<object>('NetworkPolicy')).to.deep.include({ podSelector: selector });
		for (const name of ['toolhive-scaling', 'toolhive-scaling-metrics']) {
			const service = specOf<Service>('Service', name);
			expect(labels).to.include(service.selector);
			for (const { targetPort } of service.ports) expect(portNamed(targetPort)).to.be.a('number');
		}
	});
	it('disruption budget › a node can be drained with one replica, and with a pod that is not ready', () => {
		const budget = specOf<object>('PodDisruptionBudget');
		expect(budget).to.include({ maxUnavailable: 1, unhealthyPodEvictionPolicy: 'AlwaysAllow' });
		expect(budget).not.to.have.property('minAvailable');
	});
	it('the metrics Service › headless: each pod has its own metrics', () =>
		expect(specOf<object>('Service', 'toolhive-scaling-metrics')).to.include({ clusterIP: 'None' }));
	it('webhooks › call the Service, one of its ports, and the path of their kind', () => {
		const { ports } = specOf<Service>('Service', 'toolhive-scaling');
		const mutatingOnes = [...mutating(), ...podWebhooks()].map((webhook) => [MUTATE_PATH, webhook] as const);
		for (const [path, webhook] of [...mutatingOnes, ...validating().map((one) => [VALIDATE_PATH, one] as const)]) {
			expect(webhook.clientConfig.service).to.include({ name: 'toolhive-scaling', namespace, path });
			expect(ports.map(({ port }) => port)).to.include(webhook.clientConfig.service.port);
		}
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
		const anywhere = egress.filter(({ to }) => to === undefined).flatMap(({ ports }) => ports);
		for (const port of [443, 6443]) expect(anywhere).to.deep.include({ port, protocol: 'TCP' });
	});
});
