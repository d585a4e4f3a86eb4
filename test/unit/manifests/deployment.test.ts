/** The Deployment and what must agree with it: Services, budget, certificates, the flags and paths of the code. */
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Express } from 'express';
import { pino } from 'pino';
import { SERVE_OPTIONS } from '../../../src/cli/flags.ts';
import { readOptions } from '../../../src/cli/options.ts';
import { createHealth } from '../../../src/http/health.ts';
import { createWebhook } from '../../../src/http/webhook.ts';
import {
	mutating,
	objectOf,
	podModeArgs,
	podWebhooks,
	providedMount,
	ROOT,
	template,
	validating,
} from '../../harness/manifest-files.ts';
import type { PodTemplate, Service } from '../../harness/manifest-types.ts';

const pod = template().spec;
const [container] = pod.containers;
if (container === undefined) throw new Error('the Deployment has no container');
const [command, ...flags] = container.args;
const serviceOf = (name: string): Service => objectOf('Service', name).spec as Service;
const portNamed = (name: string): number | undefined =>
	container.ports.find((port) => port.name === name)?.containerPort;

/** HTTP status of `method path` of an app that listens for just this request. */
async function statusOf(app: Express, method: string, path: string): Promise<number> {
	const server = app.listen(0, '127.0.0.1');
	try {
		await new Promise((resolve) => server.once('listening', resolve));
		const { port } = server.address() as AddressInfo;
		return (await fetch(`http://127.0.0.1:${port}${path}`, { method })).status;
	} finally {
		server.close();
	}
}

describe('manifests: Deployment', () => {
	it('is admitted by Pod Security `restricted`, which its namespace demands', () => {
		for (const mode of ['enforce', 'warn', 'audit']) {
			expect(objectOf('Namespace').metadata.labels).to.include({
				[`pod-security.kubernetes.io/${mode}`]: 'restricted',
			});
		}
		expect(pod.securityContext).to.deep.include({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
		expect(pod.securityContext['runAsUser']).to.be.above(0);
		expect(container.securityContext).to.deep.include({
			allowPrivilegeEscalation: false,
			capabilities: { drop: ['ALL'] },
		});
		// Nothing is mounted but our token, and with the component a Secret.
		expect(pod).not.to.have.property('volumes');
	});
	it('cannot write to its own file system', () =>
		expect(container.securityContext['readOnlyRootFilesystem']).to.equal(true));
	it('runs as the user of the image', () => {
		const [, user, group] = /^USER (\d+):(\d+)$/m.exec(readFileSync(join(ROOT, 'Dockerfile'), 'utf8')) ?? [];
		expect(pod.securityContext).to.include({ runAsUser: Number(user), runAsGroup: Number(group) });
	});
	it('is of the version of package.json', () => {
		const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
		expect(container.image).to.match(new RegExp(`:${version}$`));
	});
	it('gives arguments that the command takes, also in pod mode', () => {
		expect(command).to.equal('serve');
		expect(readOptions(SERVE_OPTIONS, flags, {})['password-env']).to.equal('deployment');
		expect(readOptions(SERVE_OPTIONS, [...flags, ...podModeArgs()], {})['password-env']).to.equal('pod');
	});
	it('opens the ports that the command listens on', () => {
		const options = readOptions(SERVE_OPTIONS, flags, {});
		expect(portNamed('https')).to.equal(options['webhook-port']);
		expect(portNamed('metrics')).to.equal(options['metrics-port']);
	});
	it('leaves the certificates to the leader', () => {
		expect(readOptions(SERVE_OPTIONS, flags, {})['tls-dir']).to.equal(undefined);
		expect(container).not.to.have.property('volumeMounts');
	});
	it('with a provided Secret, mounts it where the command looks, as a folder that can change', () => {
		const mount = providedMount();
		const args = [...flags, String(mount.get('containers/0/args/-'))];
		const [tls] = mount.get('containers/0/volumeMounts') as [PodTemplate['spec']['containers'][0]['volumeMounts'][0]];
		expect(tls).to.include({ mountPath: readOptions(SERVE_OPTIONS, args, {})['tls-dir'], readOnly: true });
		expect(tls).not.to.have.property('subPath');
		const [volume] = mount.get('volumes') as [PodTemplate['spec']['volumes'][0]];
		expect(volume).to.have.property('name', tls.name);
		expect(volume.secret?.secretName).to.equal('toolhive-scaling-tls');
		expect(volume.secret?.items.map(({ path }) => path)).to.have.members(['tls.crt', 'tls.key']);
		expect(mount.get('securityContext/fsGroup')).to.equal(pod.securityContext['runAsGroup']);
	});
	it('is given the time to drain and to answer the last review', () => {
		const drainSeconds = readOptions(SERVE_OPTIONS, flags, {})['drain-seconds'];
		const timeouts = [...mutating(), ...podWebhooks(), ...validating()].map(
			({ timeoutSeconds }) => timeoutSeconds ?? 10,
		);
		expect(pod.terminationGracePeriodSeconds).to.be.at.least(drainSeconds + Math.max(...timeouts) + 5);
	});
	it('is there at least twice, and an update takes none away before there is another', () => {
		const spec = objectOf('Deployment').spec as { replicas: number; strategy: { rollingUpdate: object } };
		expect(spec.replicas).to.be.at.least(2);
		expect(spec.strategy.rollingUpdate).to.include({ maxUnavailable: 0 });
		expect(pod.topologySpreadConstraints.map(({ topologyKey }) => topologyKey)).to.include('kubernetes.io/hostname');
		// A cluster of one node must be able to run it.
		expect(pod.topologySpreadConstraints.map(({ whenUnsatisfiable }) => whenUnsatisfiable)).not.to.include(
			'DoNotSchedule',
		);
	});
	it('can be drained from a node also when it is scaled to one', () => {
		const budget = objectOf('PodDisruptionBudget').spec as object;
		expect(budget).to.include({ maxUnavailable: 1 }).and.not.to.have.property('minAvailable');
	});
	it('asks for resources, limits memory and never throttles', () => {
		expect(container.resources.requests).to.have.all.keys('cpu', 'memory');
		expect(container.resources.limits).to.have.all.keys('memory');
	});
	it('mounts its token, which the ServiceAccount does not by itself', () => {
		expect(pod).to.include({
			serviceAccountName: 'toolhive-scaling',
			automountServiceAccountToken: true,
			enableServiceLinks: false,
		});
		expect(objectOf('ServiceAccount')).to.include({ automountServiceAccountToken: false });
	});

	it('is probed on paths that the health server has, liveness not being readiness', async () => {
		const metrics = { contentType: 'text/plain', text: () => Promise.resolve('') };
		const busy = createHealth(() => ['caches are empty'], metrics);
		const { livenessProbe, startupProbe, readinessProbe } = container;
		for (const probe of [livenessProbe, startupProbe, readinessProbe]) expect(probe.httpGet.port).to.equal('metrics');
		expect(await statusOf(busy, 'GET', livenessProbe.httpGet.path)).to.equal(200);
		expect(await statusOf(busy, 'GET', startupProbe.httpGet.path)).to.equal(200);
		expect(await statusOf(busy, 'GET', readinessProbe.httpGet.path)).to.equal(503);
		expect(
			await statusOf(
				createHealth(() => [], metrics),
				'GET',
				readinessProbe.httpGet.path,
			),
		).to.equal(200);
	});

	it('is called on paths that the webhook server has', async () => {
		const never = (): never => {
			throw new Error('no review was sent');
		};
		const metrics = { observeReview: () => {}, countRefused: () => {}, countWarning: () => {}, countDenial: () => {} };
		const { app } = createWebhook({
			mutate: never,
			validate: never,
			maxInFlight: 1,
			log: pino({ enabled: false }),
			metrics,
		});
		for (const { clientConfig } of [...mutating(), ...podWebhooks(), ...validating()]) {
			expect(await statusOf(app, 'POST', clientConfig.service.path), clientConfig.service.path).to.equal(400);
		}
		expect(await statusOf(app, 'POST', '/elsewhere')).to.equal(404);
	});
});

describe('manifests: Services', () => {
	for (const name of ['toolhive-scaling', 'toolhive-scaling-metrics']) {
		it(`${name} selects our pods and a port they have`, () => {
			const { selector, ports } = serviceOf(name);
			expect(template().metadata.labels).to.include(selector);
			for (const { targetPort } of ports) expect(portNamed(targetPort)).to.be.a('number');
		});
	}
	it('the registrations name the Service, its namespace, one of its ports and the path of their kind', () => {
		const { metadata } = objectOf('Service', 'toolhive-scaling');
		const named = { name: metadata.name, namespace: metadata.namespace };
		const ports = serviceOf('toolhive-scaling').ports.map(({ port }) => port);
		for (const [path, webhooks] of [
			['/mutate', [...mutating(), ...podWebhooks()]],
			['/validate', validating()],
		] as const) {
			for (const { clientConfig } of webhooks) {
				expect(clientConfig.service).to.include({ ...named, path });
				expect(ports).to.include(clientConfig.service.port);
			}
		}
	});
	it('the NetworkPolicy lets the ports of both Services in, and only those', () => {
		const policy = objectOf('NetworkPolicy').spec as {
			ingress: { ports: { port: string }[] }[];
			policyTypes: string[];
		};
		expect(policy.policyTypes).to.have.members(['Ingress', 'Egress']);
		expect(policy.ingress.flatMap(({ ports }) => ports.map(({ port }) => port))).to.have.members(['https', 'metrics']);
	});
});
