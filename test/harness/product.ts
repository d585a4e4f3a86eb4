/**
 * The product itself, as users run it, beside a real API server: CRDs and RBAC from manifests/, `thv-scaling serve` as a
 * process, and the registrations of manifests/ pointed at it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseAllDocuments, stringify } from 'yaml';
import { issueCa, issueServing } from '../../certs/issue.ts';
import { startGuard } from './control-plane/processes.ts';
import type { ControlPlane, KubectlResult } from './control-plane/start.ts';
import { MAIN } from './main-file.ts';
import { asPod } from './pod.ts';
import { pointedAt, type Registration } from './webhook-configurations.ts';

export const ROOT = join(import.meta.dirname, '../..');

/** What a story needs of the product, whether it is a process or pods of a cluster (endurance/installed). */
export interface Served {
	/** What it says at /metrics; of all replicas where there are several. */
	readonly metrics: () => Promise<string>;
	/** Its log so far, one parsed line each. */
	readonly log: () => LogLine[] | Promise<LogLine[]>;
	/** Points the webhook registrations of the manifests at it; `unregister` takes them away. */
	readonly register: () => Promise<void>;
	readonly unregister: () => Promise<void>;
}

export type LogLine = Record<string, unknown>;

export interface Product extends Served {
	readonly webhookPort: number;
	readonly metricsPort: number;
	/** PEM; also what the registrations trust. */
	readonly authority: string;
	readonly log: () => LogLine[];
	readonly process: ChildProcess;
	/** Milliseconds since 1970, as the times in the log. */
	readonly spawnedAtMs: number;
	/** Unregisters and ends the process; resolves with its exit code. */
	readonly stop: () => Promise<number | null>;
}

export interface ProductOptions {
	/** Kustomize folder below the top whose registrations are used. */
	readonly overlay?: string;
	/** `theirs`: the cluster has ToolHive's own CRDs already, and they stay. */
	readonly crds?: 'ours' | 'theirs';
	readonly flags?: readonly string[];
	/** False: nothing points at it until `register` is called. */
	readonly isRegistered?: boolean;
	/** How long it may take to get ready; 30 s without it. */
	readonly readyTimeoutMs?: number;
	/** Leave the namespace and the permissions as they are. */
	readonly withoutAccess?: boolean;
	/** False: it only has to serve, not to be ready. */
	readonly isReady?: boolean;
	/** What Node is started with: flags of its own and the program. Without it, the program that tests start. */
	readonly program?: readonly string[];
	/** Added to this process's environment. */
	readonly env?: Readonly<Record<string, string>>;
	/** It finds the API server and its identity as in a pod, where `canBePod`. */
	readonly inPod?: boolean;
	/** Asked only about namespaces whose label SERVED_BY has this value, so that several can serve beside one another. */
	readonly servedBy?: string;
}

const READY_TIMEOUT_MS = 30_000;
// One listener for all of them: Node warns where many wait for its exit.
const running = new Set<ChildProcess>();
process.on('exit', () => running.forEach(kill));
export const REGISTRATION_KINDS = ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration'];

/** Starts and registers it. Rejects with the end of its log when it does not get ready. */
export async function startProduct(plane: ControlPlane, options: ProductOptions = {}): Promise<Product> {
	const rendered = await mustSucceed(plane.kubectl(['kustomize', join(ROOT, options.overlay ?? 'manifests')]));
	const objects = documentsOf(rendered.stdout);
	if (options.crds !== 'theirs') await applyCrds(plane);
	const access = objects.filter(({ kind }) =>
		['Namespace', 'ServiceAccount', 'ClusterRole', 'ClusterRoleBinding', 'Role', 'RoleBinding'].includes(kind),
	);
	if (options.withoutAccess !== true) await apply(plane, access);

	const folder = mkdtempSync(join(tmpdir(), 'toolhive-scaling-product-'));
	const authority = await issueCa();
	const serving = await issueServing(authority);
	writeFileSync(join(folder, 'tls.crt'), serving.cert);
	writeFileSync(join(folder, 'tls.key'), serving.key, { mode: 0o600 });

	const kubeconfig = plane.kubeconfig('webhook');
	const command = [
		process.execPath,
		...(options.program ?? [MAIN]),
		'serve',
		...(options.inPod === true ? [] : [`--kubeconfig=${kubeconfig}`]),
		`--tls-dir=${folder}`,
		'--webhook-port=0',
		'--metrics-port=0',
		'--drain-seconds=0',
		...(options.flags ?? []),
	] as const;
	const [file, args, env] =
		options.inPod === true ? asPod(command, kubeconfig, folder) : [command[0], command.slice(1), {}];
	const spawnedAtMs = Date.now();
	const child = spawn(file, args, { env: { ...process.env, ...options.env, ...env } });
	running.add(child);
	const guard = startGuard(child.pid ?? 0);
	child.once('exit', () => guard.kill('SIGKILL'));
	let output = '';
	child.stdout.on('data', (chunk: Buffer) => {
		output += chunk;
	});
	child.stderr.on('data', (chunk: Buffer) => {
		output += chunk;
	});
	const log = (): LogLine[] => linesOf(output);
	const deadlineMs = performance.now() + (options.readyTimeoutMs ?? READY_TIMEOUT_MS);
	const awaited = options.isReady === false ? 'serving' : 'ready';
	while (!log().some(({ msg }) => msg === awaited)) {
		if (child.exitCode !== null || performance.now() > deadlineMs) {
			kill(child);
			throw new Error(`serve did not get ready:\n${output.slice(-2000)}`);
		}
		await sleep(50);
	}
	const { webhookPort, metricsPort } = log().find(({ msg }) => msg === 'serving') as {
		webhookPort: number;
		metricsPort: number;
	};

	const registrations = objects.filter(({ kind }) => REGISTRATION_KINDS.includes(kind)) as unknown as Registration[];
	const target = { url: `https://127.0.0.1:${webhookPort}`, authority: authority.cert, servedBy: options.servedBy };
	const local = registrations.map((one) => pointedAt(one, target));
	const unregister = async (): Promise<void> => {
		await mustSucceed(
			plane.kubectl(['delete', '--ignore-not-found', '-f', '-'], { user: 'admin', input: stringifyAll(local) }),
		);
	};
	const product: Product = {
		webhookPort,
		metricsPort,
		authority: authority.cert,
		metrics: async () => (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text(),
		log,
		process: child,
		spawnedAtMs,
		register: async () => {
			await apply(plane, local);
			await sleep(SEEN_AFTER_MS);
		},
		unregister,
		stop: async () => {
			await unregister();
			const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
			const isOver = child.exitCode !== null || child.signalCode !== null;
			if (!isOver) child.kill('SIGTERM');
			const code = isOver ? child.exitCode : await ended;
			running.delete(child);
			await rm(folder, { recursive: true, force: true });
			return code;
		},
	};
	if (options.isRegistered !== false) await product.register();
	return product;
}

/** The API server reads registrations through a watch of its own and does not say when it has. */
const SEEN_AFTER_MS = 1_000;

const kill = (child: ChildProcess): void => void child.kill('SIGKILL');

/** Our own CRDs, as `manifests/crds/` holds them. */
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

export const linesOf = (output: string): LogLine[] =>
	output.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as LogLine] : []));

const stringifyAll = (objects: readonly object[]): string => objects.map((object) => stringify(object)).join('---\n');

export const readText = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
