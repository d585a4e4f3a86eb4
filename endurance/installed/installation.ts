/** Puts the product into a cluster as a user does, looks at its pods, and takes it away again. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { stringify } from 'yaml';
import { type KubectlResult, runKubectl } from '../../test/harness/control-plane/kubectl.ts';
import type { ControlPlane } from '../../test/harness/control-plane/start.ts';
import { eventually } from '../../test/harness/eventually.ts';
import { findHelm } from '../../test/harness/helm/build.ts';
import { documentsOf, mustSucceed, ROOT } from '../../test/harness/product.ts';

export const NS = 'toolhive-scaling';
const PUBLISHED = 'ghcr.io/toolhive-scaling/toolhive-scaling';
/** Else every story would wait for what is meant for operators and nodes. */
const SETTINGS = { settleSeconds: 1, rolloutsPerMinute: 600 };
export const FLAGS = Object.entries(SETTINGS).map(
	([name, value]) => `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}=${value}`,
);

export interface Installation {
	/** Also an upgrade, where another version is there. Resolves when all pods are ready. */
	readonly install: (version?: Version) => Promise<void>;
	readonly uninstall: () => Promise<void>;
	/** As rendered, with the image and the flags of these tests. */
	readonly objects: () => Promise<{ kind: string }[]>;
}

export interface Version {
	/** A reference that the nodes have or can pull. */
	readonly image: string;
	/** Folder of the manifests. */
	readonly manifests: string;
}

export function byKustomize(plane: ControlPlane, current: Version): Installation {
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
			await mustSucceed(plane.kubectl(['apply', '-k', overlay], { user: 'admin' }));
			await rolledOut(plane);
		},
		uninstall: async () => {
			write(current);
			// The registrations first: they fail closed.
			await mustSucceed(plane.kubectl(['delete', WEBHOOKS, NS, '--ignore-not-found'], { user: 'admin' }));
			await mustSucceed(
				plane.kubectl(['delete', '-k', overlay, '--ignore-not-found'], { user: 'admin', timeoutMs: 120_000 }),
			);
		},
		objects: async () => {
			write(current);
			return documentsOf((await mustSucceed(plane.kubectl(['kustomize', overlay]))).stdout);
		},
	};
}

/** The chart of this checkout, by Helm 4. */
export async function byHelm(plane: ControlPlane, { image, manifests }: Version): Promise<Installation> {
	const helm = await findHelm('v4', process.env, (line) => void process.stderr.write(`${line}\n`));
	const [, registry, repository, tag] = /^([^/]+)\/(.+):([^/:]+)$/.exec(image) ?? [];
	const values = join(plane.dataFolder, 'values.yaml');
	writeFileSync(values, stringify({ image: { registry, repository, tag }, serve: SETTINGS }));
	const chart = [NS, join(manifests, 'chart'), '--namespace', NS, '--values', values];
	const run = (args: readonly string[]): Promise<KubectlResult> =>
		mustSucceed(runKubectl(helm, plane.kubeconfig('admin'), plane.dataFolder, args, { timeoutMs: 240_000 }));
	const admin = (args: readonly string[]): Promise<KubectlResult> =>
		mustSucceed(plane.kubectl(args, { user: 'admin', timeoutMs: 120_000 }));
	return {
		install: async () => {
			const restricted = 'pod-security.kubernetes.io/enforce=restricted';
			await admin(['create', 'namespace', NS]);
			await admin(['label', 'namespace', NS, restricted]);
			await run(['upgrade', '--install', ...chart]);
			await rolledOut(plane);
		},
		uninstall: async () => {
			await admin(['delete', WEBHOOKS, NS, '--ignore-not-found']);
			await run(['uninstall', NS, '--namespace', NS, '--wait']);
			// The namespace is not the chart's. What is in it by now is what was there before.
			await eventually(async () => {
				const { stdout } = await admin(['-n', NS, 'get', 'all,secrets,leases,roles,rolebindings', '-o', 'name']);
				if (stdout !== '') throw new Error(`helm uninstall left behind:\n${stdout}`);
			}, 60_000);
			await admin(['delete', 'namespace', NS]);
		},
		objects: async () => documentsOf((await run(['template', ...chart])).stdout),
	};
}

export const WEBHOOKS = 'mutatingwebhookconfigurations,validatingwebhookconfigurations';

/** The new pods are ready and the old ones have ended: what they do at last would else be seen by nobody. */
export async function rolledOut(plane: ControlPlane): Promise<void> {
	const args = ['-n', NS, 'rollout', 'status', `deployment/${NS}`, '--timeout=180s'];
	await mustSucceed(plane.kubectl(args, { user: 'admin', timeoutMs: 200_000 }));
	await eventually(async () => {
		const all = await allPods(plane);
		if (all.some(isEnding)) throw new Error('a pod is still on its way out');
	}, 60_000);
}

/** One after the other, as the strategy of the Deployment has it. */
export async function restart(plane: ControlPlane): Promise<void> {
	await mustSucceed(plane.kubectl(['-n', NS, 'rollout', 'restart', `deployment/${NS}`], { user: 'admin' }));
	await rolledOut(plane);
}

export interface Pod {
	readonly metadata: { readonly name: string; readonly deletionTimestamp?: string };
	readonly spec: {
		readonly nodeName: string;
		readonly containers: readonly {
			readonly image: string;
			readonly resources: { readonly limits: { readonly memory: string } };
		}[];
	};
	readonly status: {
		readonly podIP: string;
		readonly conditions: readonly {
			readonly type: string;
			readonly status: string;
			readonly lastTransitionTime: string;
		}[];
		readonly containerStatuses: readonly {
			readonly restartCount: number;
			readonly state: { readonly running?: { readonly startedAt: string } };
			readonly lastState: { readonly terminated?: { readonly exitCode: number; readonly reason: string } };
		}[];
	};
}

/** Those that are not on their way out. */
export const podsOf = async (plane: ControlPlane): Promise<Pod[]> =>
	(await allPods(plane)).filter((pod) => !isEnding(pod));

async function allPods(plane: ControlPlane): Promise<Pod[]> {
	const args = ['-n', NS, 'get', 'pods', '-l', `app.kubernetes.io/name=${NS}`, '-o', 'json'];
	return (JSON.parse((await mustSucceed(plane.kubectl(args))).stdout) as { items: Pod[] }).items;
}

const isEnding = ({ metadata }: Pod): boolean => metadata.deletionTimestamp !== undefined;

/** Of one pod, through the API server; `ok`, the metrics, or what else is said there. */
export async function askPod(plane: ControlPlane, pod: string, path: string): Promise<string> {
	const raw = `/api/v1/namespaces/${NS}/pods/${pod}:8080/proxy${path}`;
	return (await mustSucceed(plane.kubectl(['get', '--raw', raw]))).stdout;
}

/** In its container, by the program that is there. Resolves also when it fails. */
export const runIn = (plane: ControlPlane, pod: string, script: string): Promise<KubectlResult> =>
	plane.kubectl(['-n', NS, 'exec', pod, '--', 'node', '-e', script], { user: 'admin' });

/** SHA-256 fingerprint of the certificate that a pod shows at its address. */
export async function shownBy(plane: ControlPlane, { metadata, status }: Pod): Promise<string> {
	const ask = `const s = require('tls').connect({ host: '${status.podIP}', port: 8443, rejectUnauthorized: false },
		() => { process.stdout.write(s.getPeerX509Certificate().fingerprint256); s.destroy(); })`;
	return (await mustSucceed(runIn(plane, metadata.name, ask))).stdout;
}

export const metricsOf = async (plane: ControlPlane): Promise<string> =>
	(await Promise.all((await podsOf(plane)).map(({ metadata }) => askPod(plane, metadata.name, '/metrics')))).join('\n');

export const currentVersion = (image: string): Version => ({ image, manifests: join(ROOT, 'manifests') });
