/** Installs and uninstalls the product in a cluster as users do. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { stringify } from 'yaml';
import { runKubectl } from '../../test/harness/control-plane/kubectl.ts';
import type { ControlPlane } from '../../test/harness/control-plane/start.ts';
import { eventually } from '../../test/harness/eventually.ts';
import { findHelm } from '../../test/harness/helm/build.ts';
import { serverManifest } from '../../test/harness/namespace.ts';
import { documentsOf, mustSucceed, ROOT } from '../../test/harness/product.ts';
import { adminKubectl, NS, WEBHOOKS, waitForRollout } from './pods.ts';
import { printProgress } from './prepare-cluster.ts';

const PUBLISHED = 'ghcr.io/toolhive-scaling/toolhive-scaling';
/** The default delays are meant for real operators and nodes, and every scenario would have to wait for them. */
const SETTINGS = { settleSeconds: 1, rolloutsPerMinute: 600 };
export const FLAGS = ['--settle-seconds=1', '--rollouts-per-minute=600'];

export interface Installation {
	/** Installs, or upgrades from another version. Resolves when all pods are ready. */
	readonly install: (version?: Version) => Promise<void>;
	readonly uninstall: () => Promise<void>;
	/** Returns the rendered manifests with the image and the flags of these tests. */
	readonly objects: () => Promise<{ kind: string }[]>;
}

export interface Version {
	/** An image reference that the nodes already have or can pull. */
	readonly image: string;
	/** The folder with the manifests. */
	readonly manifests: string;
}

export const currentVersion = (image = ''): Version => ({ image, manifests: join(ROOT, 'manifests') });

export function kustomizeInstallation(plane: ControlPlane, current: Version): Installation {
	const kubectl = adminKubectl(plane);
	const overlay = mkdtempSync(join(tmpdir(), 'toolhive-scaling-overlay-'));
	const write = ({ image, manifests }: Version): void => {
		const [, newName, newTag] = /^(.*):([^/:]+)$/.exec(image) ?? [];
		const patch = FLAGS.map((value) => ({ op: 'add', path: '/spec/template/spec/containers/0/args/-', value }));
		const kustomization = {
			apiVersion: 'kustomize.config.k8s.io/v1beta1',
			kind: 'Kustomization',
			resources: [relative(overlay, manifests)],
			images: [{ name: PUBLISHED, newName, newTag }],
			patches: [{ target: { kind: 'Deployment', name: NS }, patch: stringify(patch) }],
		};
		writeFileSync(join(overlay, 'kustomization.yaml'), stringify(kustomization));
	};
	return {
		install: async (version = current) => {
			write(version);
			await kubectl('apply', '-k', overlay);
			await waitForRollout(plane);
		},
		uninstall: async () => {
			write(current);
			// Deletes the webhook configurations first: without the pods, failurePolicy Fail would reject the other
			// deletions.
			await kubectl('delete', WEBHOOKS, NS, '--ignore-not-found');
			await kubectl('delete', '-k', overlay, '--ignore-not-found');
		},
		objects: async () => {
			write(current);
			return documentsOf(await kubectl('kustomize', overlay));
		},
	};
}

/** Installs the chart from this checkout with Helm 4. */
export async function helmInstallation(plane: ControlPlane, { image, manifests }: Version): Promise<Installation> {
	const kubectl = adminKubectl(plane);
	const program = await findHelm('v4', process.env, printProgress);
	const [, registry, repository, tag] = /^([^/]+)\/(.+):([^/:]+)$/.exec(image) ?? [];
	const values = join(plane.dataFolder, 'values.yaml');
	writeFileSync(values, stringify({ image: { registry, repository, tag }, serve: SETTINGS }));
	const chart = [NS, join(manifests, 'chart'), '--namespace', NS, '--values', values];
	const helm = async (...args: string[]): Promise<string> => {
		const running = runKubectl(program, plane.kubeconfig('admin'), plane.dataFolder, args, { timeoutMs: 240_000 });
		return (await mustSucceed(running)).stdout;
	};
	return {
		install: async () => {
			await kubectl('create', 'namespace', NS);
			await kubectl('label', 'namespace', NS, 'pod-security.kubernetes.io/enforce=restricted');
			await helm('upgrade', '--install', ...chart);
			await waitForRollout(plane);
		},
		uninstall: async () => {
			await kubectl('delete', WEBHOOKS, NS, '--ignore-not-found');
			await helm('uninstall', NS, '--namespace', NS, '--wait');
			// The chart does not contain the namespace, so the chart left behind every object that is still in it.
			await eventually(async () => {
				const left = await kubectl('-n', NS, 'get', 'all,secrets,leases,roles,rolebindings', '-o', 'name');
				if (left !== '') throw new Error(`helm uninstall left behind:\n${left}`);
			}, 60_000);
			await kubectl('delete', 'namespace', NS);
		},
		objects: async () => documentsOf(await helm('template', ...chart)),
	};
}

/** A server in the default namespace. Each write to it calls both webhooks. */
export const TARGET = serverManifest('MCPServer', 'load-target', { transport: 'sse', replicas: 2 });
/** A part of the warning for `replicas: 2` without Redis. It proves that the API server called the webhooks. */
export const TARGET_WARNING = 'session-storage-missing';

/** Resolves when every caBundle is set, and the API server calls both webhooks with it. */
export function waitForWebhooks(plane: ControlPlane): Promise<void> {
	const input = JSON.stringify(TARGET);
	return eventually(async () => {
		const args = ['-n', 'default', 'apply', '--dry-run=server', '-f', '-'];
		const { stderr } = await mustSucceed(plane.kubectl(args, { user: 'admin', input }));
		if (!stderr.includes(TARGET_WARNING)) throw new Error('the API server does not call the webhooks yet');
		const bundles = await caBundles(plane);
		if (bundles.length === 0 || bundles.includes('')) throw new Error('a caBundle is empty');
	});
}

/** Returns the caBundle of every webhook in PEM, empty if it is not set. */
export async function caBundles(plane: ControlPlane): Promise<string[]> {
	const { items } = JSON.parse(await adminKubectl(plane)('get', WEBHOOKS, NS, '-o', 'json')) as {
		items: { webhooks: { clientConfig: { caBundle?: string } }[] }[];
	};
	const bundles = items.flatMap(({ webhooks }) => webhooks.map(({ clientConfig }) => clientConfig.caBundle ?? ''));
	return bundles.map((bundle) => Buffer.from(bundle, 'base64').toString());
}
