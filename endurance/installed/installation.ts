/** Installs and uninstalls the product in a cluster as users do. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { stringify } from 'yaml';
import type { ControlPlane } from '../../test/harness/control-plane/start.ts';
import { eventually } from '../../test/harness/eventually.ts';
import { serverManifest } from '../../test/harness/namespace.ts';
import { mustSucceed, ROOT } from '../../test/harness/product.ts';
import { adminKubectl, NS, WEBHOOKS, waitForRollout } from './pods.ts';

const PUBLISHED = 'ghcr.io/toolhive-scaling/toolhive-scaling';
/** The default delays are meant for real operators and nodes, and every scenario would have to wait for them. */
export const FLAGS = ['--settle-seconds=1', '--rollouts-per-minute=600'];

export interface Installation {
	/** Installs, or upgrades from another version. Resolves when all pods are ready. */
	readonly install: (version?: Version) => Promise<void>;
	readonly uninstall: () => Promise<void>;
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
