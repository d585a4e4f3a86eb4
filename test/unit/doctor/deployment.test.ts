import { expect } from 'chai';
import { describe, it } from 'mocha';
import type { Json } from '../../../src/api/types.ts';
import type { CheckContext } from '../../../src/doctor/context.ts';
import { checkDeployment } from '../../../src/doctor/deployment.ts';
import { installationOf } from '../../../src/doctor/installation.ts';
import { checkLease } from '../../../src/doctor/lease.ts';
import type { InstalledWebhook } from '../../../src/doctor/webhook-configurations.ts';
import { contextOf, deploymentOf, FLAGS, reports } from './results.ts';

const NAME = 'toolhive-scaling/toolhive-scaling';
const PODS = 'kubectl describe pods -n toolhive-scaling; kubectl logs -n toolhive-scaling deployment/toolhive-scaling';

describe('doctor › Deployment', () => {
	const ready =
		(readyReplicas: number | undefined, flagsOrError: CheckContext['flagsOrError'] = FLAGS) =>
		() => {
			const installed = installationOf(deploymentOf({}, {}, { status: { readyReplicas } }));
			return checkDeployment(contextOf({}, { installation: async () => installed, flagsOrError }));
		};
	const missing =
		(more: Partial<CheckContext> = {}) =>
		() =>
			checkDeployment(contextOf({}, { installation: async () => undefined, ...more }));
	const has = (count: number): string => `${NAME} has ${count} of 2 replicas ready, image example.com/scaling:1.2.3`;
	reports('all ready', ready(2), [`ok: ${has(2)}`]);
	reports('some ready', ready(1), [`warn: ${has(1)} → ${PODS}`]);
	reports('none ready', ready(undefined), [`fail: ${has(0)}: no replica is ready to answer → ${PODS}`]);
	reports('missing', missing(), [`fail: ${NAME} does not exist → set its namespace with --namespace, or INSTALL`]);
	const outside = { webhooks: [{ url: 'https://127.0.0.1/mutate' } as InstalledWebhook] };
	reports('missing, and the webhooks call a process outside', missing(outside), [
		'warn: … process outside the cluster',
	]);
	reports('flags that serve refuses', ready(2, '--x is "y"'), [
		...['ok: …', 'fail: … has settings that serve rejects: --x is "y" → kubectl edit …'],
	]);
});

describe('doctor › Lease', () => {
	const at = (renewTime: string | undefined, holderIdentity = 'pod-1'): Json => ({
		spec: { holderIdentity, renewTime },
	});
	const of =
		(lease: Json | undefined, more: Partial<typeof FLAGS> = {}) =>
		() => {
			const nowMs = Date.parse('2030-01-01T00:10:00Z');
			return checkLease(contextOf({ getLease: async () => lease }, { flags: { ...FLAGS, ...more }, nowMs }));
		};
	const MISSING = `warn: ${NAME} does not exist: no replica reconciles → ${PODS}`;
	reports('renewed 2 s ago', of(at('2030-01-01T00:09:58.000000Z')), [`ok: ${NAME} is held by pod-1`]);
	reports('renewed 2 minutes ago', of(at('2030-01-01T00:08:00.000000Z')), [
		'warn: … by pod-1 but was renewed 120 s ago: …',
	]);
	reports('never renewed', of(at(undefined)), ['warn: … never renewed: …']);
	reports('released', of(at('2030-01-01T00:09:58Z', '')), ['warn: … has no holder: …']);
	reports('missing', of(undefined), [MISSING]);
	reports('without leader election', of(undefined, { isElected: false }), ['ok: … is not used: --leader-elect=false']);
	reports('without reconciler', of(undefined, { isReconciling: false }), ['ok: … is not used: --reconcile=false']);
	reports('only for the certificates', of(undefined, { isReconciling: false, isSelfManaged: true }), [MISSING]);
});

describe('doctor › installationOf', () => {
	it('all fields', () => {
		const env = [{ name: 'A', value: '1' }, { valueFrom: {} }];
		const tls = { secretName: 'tls', items: [{ key: 'cert', path: 'tls.crt' }] };
		const volumes = [{ name: 'other', configMap: { name: 'c' } }, { secret: tls }];
		const command = ['node', 'dist/main.js', 'serve'];
		expect(installationOf(deploymentOf({ env, command, args: ['--tls-dir=/tls'] }, { volumes }))).to.deep.equal({
			namespace: 'toolhive-scaling',
			name: 'toolhive-scaling',
			image: 'example.com/scaling:1.2.3',
			serviceAccount: 'scaling',
			replicas: 2,
			readyReplicas: 2,
			args: ['--tls-dir=/tls'],
			env: { A: '1' },
			hasHiddenEnv: true,
			certificate: { secret: 'tls', key: 'cert' },
		});
	});
	const containers = [
		{ name: 'sidecar', image: 'other:1' },
		{ name: 'toolhive-scaling', image: 'x:2' },
	];
	const volumes = [
		{ secret: { secretName: 'a', items: [{ key: 'a', path: 'b' }] } },
		{ secret: { secretName: 'tls' } },
	];
	for (const [title, object, expected] of [
		['several containers', deploymentOf({}, { containers }), { image: 'x:2', hasHiddenEnv: false }],
		['a Secret without tls.crt', deploymentOf({}, { volumes }), { certificate: { secret: 'tls', key: 'tls.crt' } }],
		['variables from a ConfigMap', deploymentOf({ envFrom: [{ configMapRef: {} }] }), { hasHiddenEnv: true }],
		['an empty object', {}, { serviceAccount: 'default', replicas: 1, readyReplicas: 0, args: [] }],
	] as const)
		it(`${title} › ${JSON.stringify(expected)}`, () => expect(installationOf(object)).to.deep.include(expected));
});
