/** For suites: provides the cluster of `make e2e` instead of a control plane and a process for the tests alone. */
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before } from 'mocha';
import { rootOf } from '../../test/harness/control-plane/mocha.ts';
import type { ControlPlane } from '../../test/harness/control-plane/start.ts';
import { useNamespace } from '../../test/harness/namespace.ts';
import { apply, type ProductOptions, type Served } from '../../test/harness/product.ts';
import { linesOf } from '../../test/harness/program.ts';
import { WEBHOOK_KINDS } from '../../test/harness/webhook-configurations.ts';
import { openCluster } from './cluster.ts';
import {
	currentVersion,
	FLAGS,
	helmInstallation,
	type Installation,
	kustomizeInstallation,
	waitForWebhooks,
} from './installation.ts';
import { adminKubectl, type Kubectl, metricsOf, NS, runningPods, WEBHOOKS } from './pods.ts';
import { readSecret } from './secret.ts';

/** The installer that main.ts selected. */
export const INSTALLED = process.env['E2E_INSTALLED'];

export interface Cluster {
	readonly plane: ControlPlane;
	/** Runs kubectl as cluster-admin. */
	readonly kubectl: Kubectl;
	readonly installation: Installation;
}

// All suites of a process share one cluster.
let shared: Promise<Cluster> | undefined;

/** Must be called inside a `describe`. */
export function useCluster(): () => Cluster {
	let cluster: Cluster | undefined;
	before('cluster', async function () {
		// The timeout allows time to build Helm.
		this.timeout(600_000);
		const isFirst = shared === undefined;
		shared ??= open();
		cluster = await shared;
		const { plane } = cluster;
		if (!isFirst) return;
		rootOf(this.test?.parent)?.afterAll('cluster', async () => {
			await plane.stop();
			await rm(plane.dataFolder, { recursive: true, force: true });
		});
	});
	return () => {
		if (cluster === undefined) throw new Error('the cluster is available in hooks and tests, not in describe');
		return cluster;
	};
}

async function open(): Promise<Cluster> {
	const plane = await openCluster(process.env, mkdtempSync(join(tmpdir(), 'toolhive-scaling-e2e-')));
	const create = INSTALLED === 'helm' ? helmInstallation : kustomizeInstallation;
	const installation = await create(plane, currentVersion(process.env['E2E_IMAGE']));
	return { plane, kubectl: adminKubectl(plane), installation };
}

interface WebhookConfiguration {
	readonly kind: string;
	readonly webhooks: readonly { readonly clientConfig: object }[];
}

/** Skips suites that need other flags or another overlay than those that are installed. */
export function useInstalled(namespaceName: string, { overlay, flags = [] }: ProductOptions) {
	const cluster = useCluster();
	const plane = (): ControlPlane => cluster().plane;
	let sinceTime = '';
	const namespace = useNamespace(plane, namespaceName);
	before('installed product', async function () {
		if (overlay !== undefined || !flags.every((flag) => FLAGS.includes(flag))) this.skip();
		sinceTime = new Date().toISOString();
		await cluster().kubectl('-n', NS, 'get', 'deployment', NS);
		// The images of the servers do not exist, and the suites read only Deployments, so the namespace allows no pods.
		const metadata = { name: 'no-pods', namespace: namespaceName };
		await apply(plane(), [{ apiVersion: 'v1', kind: 'ResourceQuota', metadata, spec: { hard: { pods: '0' } } }]);
	});
	const product: Served = {
		metrics: async () => (await metricsOf(plane())).join('\n'),
		log: async () => {
			const logs = (await runningPods(plane())).map(({ metadata: { name } }) =>
				cluster().kubectl('-n', NS, 'logs', name, `--since-time=${sinceTime}`),
			);
			return (await Promise.all(logs)).flatMap(linesOf);
		},
		deleteWebhooks: async () => void (await cluster().kubectl('delete', WEBHOOKS, NS, '--ignore-not-found')),
		applyWebhooks: async () => {
			const objects = (await cluster().installation.objects()) as WebhookConfiguration[];
			// With an empty caBundle, writes by the reconciler would fail, and the suites would see its retries.
			const caBundle = Buffer.from((await readSecret(plane()))['ca.crt'] ?? '').toString('base64');
			const trusted = objects
				.filter(({ kind }) => WEBHOOK_KINDS.includes(kind))
				.map(({ webhooks, ...one }) => ({
					...one,
					webhooks: webhooks.map((webhook) => ({ ...webhook, clientConfig: { ...webhook.clientConfig, caBundle } })),
				}));
			await apply(plane(), trusted);
			await waitForWebhooks(plane());
		},
	};
	return { plane, namespace, product: () => product };
}
