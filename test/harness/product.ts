/**
 * Runs the product as users do, with a real API server: CRDs and RBAC from manifests/, `thv-scaling serve` as a
 * process, and the webhook configurations from manifests/ with the URL of that process.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseAllDocuments, stringify } from 'yaml';
import { issueCa, issueServing } from '../../certs/issue.ts';
import type { Json } from '../../src/api/types.ts';
import { startGuard } from './control-plane/processes.ts';
import type { ControlPlane, KubectlResult } from './control-plane/start.ts';
import { MAIN } from './main-file.ts';
import { asPod } from './pod.ts';
import { startProgram } from './program.ts';
import { webhookConfigurationsIn, withUrl } from './webhook-configurations.ts';

export const ROOT = join(import.meta.dirname, '../..');

/** The parts of the product that tests use. The product is a process, or pods in a cluster (endurance/installed). */
export interface Served {
	/** Returns the metrics of all replicas. */
	readonly metrics: () => Promise<string>;
	readonly log: () => Json[] | Promise<Json[]>;
	/** Applies the webhook configurations from the manifests; `deleteWebhooks` deletes them. */
	readonly applyWebhooks: () => Promise<void>;
	readonly deleteWebhooks: () => Promise<void>;
}

export type Product = Awaited<ReturnType<typeof startProduct>>;

export interface ProductOptions {
	/** The kustomize folder that contains the webhook configurations, relative to the root of the project. */
	readonly overlay?: string;
	/** `theirs`: the cluster already has CRDs, which the harness does not change. */
	readonly crds?: 'theirs';
	readonly flags?: readonly string[];
	/** If false, no webhook configuration exists until the test calls `applyWebhooks`. */
	readonly hasWebhooks?: boolean;
	/** Leaves the namespace and the permissions unchanged. */
	readonly withoutAccess?: boolean;
	/** If false, waits until the product serves, instead of until it is ready. */
	readonly isReady?: boolean;
	/** Flags for Node, and the file that Node runs. */
	readonly program?: readonly string[];
	/** Added to the environment of the process. */
	readonly env?: Readonly<Record<string, string>>;
	/** The product finds the API server and its identity as in a pod, if `canBePod` is true. */
	readonly inPod?: boolean;
	/**
	 * The API server calls the webhooks only for namespaces whose label SERVED_BY has this value, so that several
	 * products can serve one cluster.
	 */
	readonly servedBy?: string;
}

/** The API server reads webhook configurations through a watch, and does not report when it has read them. */
const SEEN_AFTER_MS = 1_000;

/** Starts the product. Rejects with the end of its log if the product does not become ready. */
export async function startProduct(plane: ControlPlane, options: ProductOptions = {}) {
	const { overlay = 'manifests', flags = [], program = [MAIN], inPod = false, servedBy } = options;
	const rendered = await mustSucceed(plane.kubectl(['kustomize', join(ROOT, overlay)]));
	const objects = documentsOf(rendered.stdout);
	if (options.crds !== 'theirs') await applyCrds(plane);
	if (options.withoutAccess !== true) await apply(plane, accessIn(objects));

	const folder = mkdtempSync(join(tmpdir(), 'toolhive-scaling-product-'));
	const ca = await issueCa();
	const serving = await issueServing(ca);
	writeFileSync(join(folder, 'tls.crt'), serving.cert);
	writeFileSync(join(folder, 'tls.key'), serving.key, { mode: 0o600 });

	const kubeconfig = plane.kubeconfig('webhook');
	const ports = ['--webhook-port=0', '--metrics-port=0'];
	const args = ['serve', ...(inPod ? [] : [`--kubeconfig=${kubeconfig}`]), `--tls-dir=${folder}`, ...ports];
	const { launcher, env } = inPod ? asPod(kubeconfig, folder) : { launcher: [], env: {} };
	const spawnedAtMs = Date.now();
	const running = startProgram(
		[...args, '--drain-seconds=0', ...flags],
		{ ...process.env, ...options.env, ...env },
		{ program, launcher },
	);
	const child = running.process;
	const guard = startGuard(child.pid ?? 0);
	child.once('exit', () => guard.kill('SIGKILL'));
	await running.logged(options.isReady === false ? 'serving' : 'ready').catch((error: Error) => {
		child.kill('SIGKILL');
		throw error;
	});
	const { webhookPort, metricsPort } = (await running.logged('serving')) as Record<string, number>;

	const url = `https://127.0.0.1:${webhookPort}`;
	const webhooks = webhookConfigurationsIn(objects).map((one) => withUrl(one, url, ca.cert, servedBy));
	const deleteWebhooks = async (): Promise<void> => {
		const input = stringifyAll(webhooks);
		await mustSucceed(plane.kubectl(['delete', '--ignore-not-found', '-f', '-'], { user: 'admin', input }));
	};
	const applyWebhooks = async (): Promise<void> => {
		await apply(plane, webhooks);
		await sleep(SEEN_AFTER_MS);
	};
	if (options.hasWebhooks !== false) await applyWebhooks();
	return {
		webhookPort: webhookPort ?? 0,
		metricsPort: metricsPort ?? 0,
		metrics: async (): Promise<string> => (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text(),
		log: () => running.log(),
		process: child,
		/** Milliseconds since 1970, like the times in the log. */
		spawnedAtMs,
		applyWebhooks,
		deleteWebhooks,
		/** Deletes the webhook configurations and stops the process. Resolves with its exit code. */
		stop: async (): Promise<number | null> => {
			await deleteWebhooks();
			child.kill('SIGTERM');
			const { code } = await running.ended;
			rmSync(folder, { recursive: true, force: true });
			return code;
		},
	};
}

/** Returns the namespace and the permissions in `objects`. */
export const accessIn = (objects: readonly { kind: string }[]): { kind: string }[] =>
	objects.filter(({ kind }) => /^(Namespace|ServiceAccount|(Cluster)?Role(Binding)?)$/.test(kind));

/** Applies the CRDs in `manifests/crds/`. */
export async function applyCrds(plane: ControlPlane): Promise<void> {
	await mustSucceed(plane.kubectl(['apply', '-f', join(ROOT, 'manifests/crds')]));
	await mustSucceed(plane.kubectl(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=30s']));
}

export const apply = (plane: ControlPlane, objects: readonly object[]): Promise<KubectlResult> =>
	mustSucceed(plane.kubectl(['apply', '-f', '-'], { user: 'admin', input: stringifyAll(objects) }));

export async function mustSucceed(running: Promise<KubectlResult>): Promise<KubectlResult> {
	const result = await running;
	if (result.code !== 0) throw new Error(`kubectl failed: ${result.stderr}`);
	return result;
}

export const documentsOf = (text: string): { kind: string }[] =>
	parseAllDocuments(text).flatMap((document) => (document.toJS() as { kind: string } | null) ?? []);

const stringifyAll = (objects: readonly object[]): string => objects.map((object) => stringify(object)).join('---\n');

export const readText = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
