/** Compares manifests/base, without webhooks and RBAC, with the flags, ports and paths in the code. */
import { readFileSync } from 'node:fs';
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

describe('manifests: Deployment', () => {
	it('security context › the user of the image, and a read-only root file system', () => {
		const [, user, group] = /^USER (\d+):(\d+)$/m.exec(readFileSync(join(ROOT, 'Dockerfile'), 'utf8')) ?? [];
		expect(pod.securityContext).to.include({ runAsUser: Number(user), runAsGroup: Number(group) });
		expect(container.securityContext).to.include({ readOnlyRootFilesystem: true });
		expect(objectOf('Namespace').metadata.labels).to.include({ 'pod-security.kubernetes.io/enforce': 'restricted' });
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
	it('availability › two replicas, also on one node, and an update or a drain removes one only when it may', () => {
		const deployment = specOf<{ readonly replicas: number }>('Deployment');
		expect(deployment.replicas).to.be.at.least(2);
		expect(deployment).to.have.nested.property('strategy.rollingUpdate.maxUnavailable', 0);
		expect(pod.topologySpreadConstraints.map((one) => one.whenUnsatisfiable)).not.to.include('DoNotSchedule');
		const budget = { maxUnavailable: 1, unhealthyPodEvictionPolicy: 'AlwaysAllow' };
		expect(specOf('PodDisruptionBudget')).to.include(budget);
	});
	it('resources and token › no CPU limit, no variables for Services, and a token for this pod only', () => {
		expect(container.resources.limits).to.have.all.keys('memory');
		expect(pod).to.include({ automountServiceAccountToken: true, enableServiceLinks: false });
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
	it('webhooks › call the Service, its port, and the path of their kind', () => {
		const [port] = specOf<Service>('Service', 'toolhive-scaling').ports;
		const service = { name: 'toolhive-scaling', namespace: 'toolhive-scaling', port: port?.port };
		for (const { clientConfig } of [...mutating(), ...podWebhooks()])
			expect(clientConfig.service).to.deep.equal({ ...service, path: MUTATE_PATH });
		for (const { clientConfig } of validating())
			expect(clientConfig.service).to.deep.equal({ ...service, path: VALIDATE_PATH });
	});
	it('network policy › in to both ports, out to the API server at 443 and 6443', () => {
		expect(specOf('NetworkPolicy')).to.deep.include({ policyTypes: ['Ingress', 'Egress'] });
		type Rule = { readonly to?: unknown; readonly ports: readonly { port: string | number }[] };
		const { ingress, egress } = specOf<Record<'ingress' | 'egress', Rule[]>>('NetworkPolicy');
		const portsOf = (rules: Rule[]) => rules.flatMap(({ to, ports }) => (to ? [] : ports.map(({ port }) => port)));
		expect(portsOf(ingress)).to.have.members(['https', 'metrics']);
		expect(portsOf(egress)).to.include.members([443, 6443]);
	});
});
