import { expect } from 'chai';
import { describe, it } from 'mocha';
import type { ServeFlags } from '../../../src/doctor/context.ts';
import { checkDeployment } from '../../../src/doctor/deployment.ts';
import { installationOf } from '../../../src/doctor/installation.ts';
import { checkLease } from '../../../src/doctor/lease.ts';
import type { InstalledWebhook } from '../../../src/doctor/webhook-configurations.ts';
import { contextOf, deploymentOf, fixes, sentences } from './results.ts';

const SUBJECT = 'toolhive-scaling/toolhive-scaling';
const SETTINGS: ServeFlags = {
	operatorUsernames: [],
	passwordEnv: 'deployment',
	shutdown: { gracePeriodSeconds: 45, preStopSeconds: 5 },
	isReconciling: true,
	isElected: true,
	isSelfManaged: false,
	hasNamespaceLabel: false,
};
const ready = (readyReplicas?: number) => installationOf(deploymentOf({}, {}, { status: { readyReplicas } }));

describe('doctor: Deployment of the product', () => {
	for (const row of [
		{
			it: 'all ready',
			installed: ready(2),
			says: [`ok: ${SUBJECT} has 2 of 2 replicas ready, image example.com/ours:1.2.3`],
		},
		{
			it: 'some ready',
			installed: ready(1),
			says: [`warn: ${SUBJECT} has 1 of 2 replicas ready, image example.com/ours:1.2.3`],
		},
		{
			it: 'none ready',
			installed: ready(),
			says: [`fail: ${SUBJECT} has 0 of 2 replicas ready, image example.com/ours:1.2.3: nobody answers`],
		},
		{
			it: 'not there',
			installed: undefined,
			says: [`fail: ${SUBJECT} is not there`],
			fix: 'name where it is with --namespace, or INSTALL',
		},
		{
			it: 'not there, and the registrations lead elsewhere',
			installed: undefined,
			urls: ['https://127.0.0.1/mutate'],
			says: [`warn: ${SUBJECT} is not there: the registrations lead to a process outside the cluster`],
		},
		{
			it: 'not there, and the registrations lead to another namespace',
			installed: undefined,
			leads: { namespace: 'scaling', name: 'toolhive-scaling' },
			says: [`fail: ${SUBJECT} is not there: the registrations lead to Service scaling/toolhive-scaling`],
			fix: 'thv-scaling doctor --namespace scaling',
		},
		{
			it: 'settings that serve refuses',
			installed: ready(2),
			settings: '--x is "y"',
			says: [
				`ok: ${SUBJECT} has 2 of 2 replicas ready, image example.com/ours:1.2.3`,
				`fail: ${SUBJECT} has settings that serve refuses: --x is "y"`,
			],
		},
	]) {
		it(row.it, async () => {
			const said = await checkDeployment(
				contextOf(
					{},
					{
						installation: async () => row.installed,
						flagsOrError: row.settings ?? SETTINGS,
						otherService: row.leads,
						webhooks: (row.urls ?? []).map((url) => ({ url }) as InstalledWebhook),
					},
				),
			);
			expect(sentences(said)).to.deep.equal(row.says);
			for (const { status, fix } of said) expect(fix === undefined).to.equal(status === 'ok');
			if (row.fix !== undefined) expect(fixes(said)).to.deep.equal([row.fix]);
		});
	}
});

describe('doctor: the Lease', () => {
	const NOW = Date.parse('2030-01-01T00:10:00Z');
	const held = (renewTime: string | undefined, holderIdentity = 'pod-1') => ({ spec: { holderIdentity, renewTime } });
	for (const row of [
		{
			it: 'fresh',
			object: held('2030-01-01T00:09:58.000000Z'),
			says: 'ok: toolhive-scaling/toolhive-scaling is held by pod-1',
		},
		{
			it: 'by a clock that is ahead',
			object: held('2030-01-01T00:10:30.000000Z'),
			says: `ok: ${SUBJECT} is held by pod-1`,
		},
		{
			it: 'stale',
			object: held('2030-01-01T00:08:00.000000Z'),
			says: `warn: ${SUBJECT} is held by pod-1 but was renewed 120 s ago: nobody reconciles`,
		},
		{
			it: 'never renewed',
			object: held(undefined),
			says: `warn: ${SUBJECT} is held by pod-1 but was renewed never: nobody reconciles`,
		},
		{
			it: 'given up',
			object: held('2030-01-01T00:09:58Z', ''),
			says: `warn: ${SUBJECT} is held by nobody: nobody reconciles`,
		},
		{ it: 'not there', object: undefined, says: `warn: ${SUBJECT} is not there: nobody reconciles` },
		{
			it: 'not used without leader election',
			object: undefined,
			settings: { ...SETTINGS, isElected: false },
			says: `ok: ${SUBJECT} is not used: --leader-elect=false`,
		},
		{
			it: 'not used without reconciler',
			object: undefined,
			settings: { ...SETTINGS, isReconciling: false },
			says: `ok: ${SUBJECT} is not used: --reconcile=false`,
		},
		{
			it: 'needed for the certificates alone',
			object: undefined,
			settings: { ...SETTINGS, isReconciling: false, isSelfManaged: true, hasNamespaceLabel: false },
			says: `warn: ${SUBJECT} is not there: nobody reconciles`,
		},
	]) {
		it(row.it, async () => {
			const context = contextOf({ getLease: async () => row.object }, { flags: row.settings ?? SETTINGS, nowMs: NOW });
			expect(sentences(await checkLease(context))).to.deep.equal([row.says]);
		});
	}
	it('the fix is a command', async () => {
		const product = { namespace: 'a', name: 'b' };
		const said = await checkLease(contextOf({ getLease: async () => undefined }, { product, nowMs: NOW }));
		expect(fixes(said)).to.deep.equal(['kubectl describe pods -n a; kubectl logs -n a deployment/b']);
	});
});

describe('doctor: what is read of a Deployment', () => {
	it('all of it', () => {
		const env = [
			{ name: 'A', value: '1' },
			{ name: 'B', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } },
		];
		const volumes = [
			{ name: 'other', configMap: { name: 'c' } },
			{ name: 'tls', secret: { secretName: 'tls', items: [{ key: 'cert', path: 'tls.crt' }] } },
		];
		const command = ['node', 'dist/main.js', 'serve'];
		expect(installationOf(deploymentOf({ env, command, args: ['--tls-dir=/tls'] }, { volumes }))).to.deep.equal({
			namespace: 'toolhive-scaling',
			name: 'toolhive-scaling',
			image: 'example.com/ours:1.2.3',
			serviceAccount: 'ours',
			replicas: 2,
			readyReplicas: 2,
			args: ['--tls-dir=/tls'],
			env: { A: '1' },
			hasHiddenEnv: true,
			certificate: { secret: 'tls', key: 'cert' },
		});
	});
	it('several containers, and a Secret without items', () => {
		const containers = [
			{ name: 'sidecar', image: 'example.com/other:1' },
			{ name: 'toolhive-scaling', image: 'x:2' },
		];
		const volumes = [{ secret: { secretName: 'tls' } }];
		expect(installationOf(deploymentOf({}, { containers, volumes }))).to.deep.include({
			image: 'x:2',
			certificate: { secret: 'tls', key: 'tls.crt' },
			hasHiddenEnv: false,
		});
	});
	it('a Secret without tls.crt › no certificate', () => {
		const volumes = [{ secret: { secretName: 'x', items: [{ key: 'a', path: 'b' }] } }];
		expect(installationOf(deploymentOf({}, { volumes })).certificate).to.equal(undefined);
	});
	it('nothing of an empty object', () =>
		expect(installationOf({})).to.deep.include({ serviceAccount: 'default', replicas: 1, readyReplicas: 0, args: [] }));
});
