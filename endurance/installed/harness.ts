/** For stories: what `make e2e` installed, in the place of a process beside a control plane of the tests' own. */
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { before } from 'mocha';
import { rootOf } from '../../test/harness/control-plane/mocha.ts';
import type { ControlPlane } from '../../test/harness/control-plane/start.ts';
import { eventually } from '../../test/harness/eventually.ts';
import { useNamespace } from '../../test/harness/namespace.ts';
import { apply, mustSucceed, type ProductOptions, type Served } from '../../test/harness/product.ts';
import { linesOf } from '../../test/harness/program.ts';
import type { UsedProduct } from '../../test/harness/use-product.ts';
import { WEBHOOK_KINDS } from '../../test/harness/webhook-configurations.ts';
import { useCluster } from './cluster.ts';
import {
	byHelm,
	byKustomize,
	currentVersion,
	FLAGS,
	type Installation,
	metricsOf,
	NS,
	podsOf,
	WEBHOOKS,
} from './installation.ts';

/** Set by `make e2e` (main.ts): by which way it is installed. */
export const INSTALLED = process.env['E2E_INSTALLED'];

export interface Cluster {
	readonly plane: ControlPlane;
	readonly installation: Installation;
}

// A process has one cluster.
let shared: Promise<Cluster> | undefined;

/** Call it inside a `describe`. */
export function needCluster(): () => Cluster {
	let cluster: Cluster | undefined;
	before('cluster', async function () {
		// Helm is built where it is not there yet.
		this.timeout(600_000);
		const isFirst = shared === undefined;
		shared ??= open();
		cluster = await shared;
		const { plane } = cluster;
		if (isFirst) {
			rootOf(this.test?.parent)?.afterAll('cluster', async () => {
				await plane.stop();
				await rm(plane.dataFolder, { recursive: true, force: true });
			});
		}
	});
	return () => {
		if (cluster === undefined) throw new Error('the cluster is there from the first test on');
		return cluster;
	};
}

async function open(): Promise<Cluster> {
	const plane = await useCluster(process.env['KUBECONFIG'] ?? '', mkdtempSync(join(tmpdir(), 'toolhive-scaling-e2e-')));
	const version = currentVersion(process.env['E2E_IMAGE'] ?? '');
	return { plane, installation: INSTALLED === 'helm' ? await byHelm(plane, version) : byKustomize(plane, version) };
}

/** A suite that needs other flags or another overlay than what is installed is skipped. */
export function useInstalled(namespaceName: string, { overlay, flags = [] }: ProductOptions): UsedProduct {
	const cluster = needCluster();
	const plane = (): ControlPlane => cluster().plane;
	let sinceTime = '';
	const namespace = useNamespace(plane, namespaceName);
	before('is installed', async function () {
		if (overlay !== undefined || !flags.every((flag) => FLAGS.includes(flag))) this.skip();
		sinceTime = new Date().toISOString();
		await mustSucceed(plane().kubectl(['-n', NS, 'get', 'deployment', NS]));
		// No pods of servers: their images are not there to be pulled, and what is told here is told by Deployments.
		const metadata = { name: 'no-pods', namespace: namespaceName };
		await apply(plane(), [{ apiVersion: 'v1', kind: 'ResourceQuota', metadata, spec: { hard: { pods: '0' } } }]);
	});
	const product: Served = {
		metrics: () => metricsOf(plane()),
		log: async () => {
			const logs = (await podsOf(plane())).map(({ metadata }) =>
				mustSucceed(plane().kubectl(['-n', NS, 'logs', metadata.name, `--since-time=${sinceTime}`])),
			);
			return (await Promise.all(logs)).flatMap(({ stdout }) => linesOf(stdout));
		},
		deleteWebhooks: async () => {
			await mustSucceed(plane().kubectl(['delete', WEBHOOKS, NS, '--ignore-not-found'], { user: 'admin' }));
		},
		applyWebhooks: async () => {
			const objects = await cluster().installation.objects();
			await apply(
				plane(),
				objects.filter(({ kind }) => WEBHOOK_KINDS.includes(kind)),
			);
			await isTrusted(plane());
		},
	};
	return { plane, namespace, product: () => product };
}

/** The leader has written the caBundle of every webhook, and the API server has heard of it. */
export async function isTrusted(plane: ControlPlane): Promise<void> {
	await eventually(async () => {
		const { stdout } = await mustSucceed(plane.kubectl(['get', WEBHOOKS, NS, '-o', 'json']));
		const { items } = JSON.parse(stdout) as { items: { webhooks: { clientConfig: { caBundle?: string } }[] }[] };
		const bundles = items.flatMap(({ webhooks }) => webhooks.map(({ clientConfig }) => clientConfig.caBundle));
		if (bundles.length === 0 || bundles.includes(undefined)) throw new Error('a caBundle is empty');
	});
	await sleep(1_000);
}
