/**
 * Installs metrics-server in a cluster without the metrics API. The program is built from the Go module that
 * `metrics-server/go` pins.
 */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { stringify } from 'yaml';
import { cacheFolder } from '../../test/harness/control-plane/cache-folder.ts';
import { withLock } from '../../test/harness/control-plane/lock.ts';
import { BUILD_FLAGS, runGo } from '../../test/harness/control-plane/run-go.ts';
import type { ControlPlane } from '../../test/harness/control-plane/start.ts';
import { mustSucceed } from '../../test/harness/product.ts';
import { printProgress } from '../installed/prepare-cluster.ts';

/** The version that `go/go.mod` requires. */
const VERSION = 'v0.9.0';
export const METRICS_SERVER_IMAGE = `localhost/e2e-metrics-server:${VERSION}`;
const MODULE = 'sigs.k8s.io/metrics-server';
const MODULE_FOLDER = join(import.meta.dirname, 'metrics-server/go');

/** Returns the path of the program, which is built if it is not in the cache. */
export async function findMetricsServer(env: NodeJS.ProcessEnv): Promise<string> {
	const folder = cacheFolder(env, 'metrics-server', VERSION);
	const program = join(folder, 'metrics-server');
	await mkdir(folder, { recursive: true });
	return withLock(`${folder}.lock`, printProgress, async () => {
		if (existsSync(program)) return program;
		printProgress(`metrics-server: building ${VERSION} into ${folder} (about 4 minutes, once per machine)`);
		const output = ['-ldflags', '-s -w', '-o', `${program}.part`];
		await runGo(['build', ...BUILD_FLAGS, ...output, `${MODULE}/cmd/metrics-server`], MODULE_FOLDER, env);
		await rename(`${program}.part`, program);
		return program;
	});
}

const API_SERVICE = 'v1beta1.metrics.k8s.io';
/** The autoscaler needs short intervals, and the kubelets of test clusters have self-signed certificates. */
const ARGS = ['--metric-resolution=10s', '--kubelet-request-timeout=5s', '--kubelet-insecure-tls'];

/** Installs metrics-server. Resolves when the metrics API responds, with a function that uninstalls metrics-server. */
export async function installMetricsServer(plane: ControlPlane): Promise<() => Promise<void>> {
	const tryAdmin = (...args: string[]) => plane.kubectl(args, { user: 'admin', timeoutMs: 120_000 });
	const admin = (...args: string[]) => mustSucceed(tryAdmin(...args));
	if ((await tryAdmin('get', 'apiservice', API_SERVICE)).code === 0) return async () => undefined;
	const overlay = await mkdtemp(join(tmpdir(), 'toolhive-scaling-metrics-server-'));
	const listed = await runGo(['mod', 'download', '-json', `${MODULE}@${VERSION}`], MODULE_FOLDER, process.env);
	const base = join((JSON.parse(listed) as { Dir: string }).Dir, 'manifests/base');
	// Without a CA for the front proxy, metrics-server treats requests from the API server as anonymous.
	const authentication = ['-n', 'kube-system', 'get', 'configmap', 'extension-apiserver-authentication'];
	const isTrusted = (await admin(...authentication, '-o', 'yaml')).stdout.includes('requestheader-client-ca-file');
	await writeFile(join(overlay, 'anonymous.json'), JSON.stringify({ apiVersion: 'v1', kind: 'List', items: BINDINGS }));
	const [, newName, newTag] = /^(.*):([^/:]+)$/.exec(METRICS_SERVER_IMAGE) ?? [];
	const container = '/spec/template/spec/containers/0';
	const patch = [
		...ARGS.map((value) => ({ op: 'add', path: `${container}/args/-`, value })),
		{ op: 'replace', path: `${container}/readinessProbe/initialDelaySeconds`, value: 1 },
	];
	const kustomization = {
		resources: [relative(overlay, base), ...(isTrusted ? [] : ['anonymous.json'])],
		images: [{ name: 'gcr.io/k8s-staging-metrics-server/metrics-server', newName, newTag }],
		patches: [{ target: { kind: 'Deployment' }, patch: stringify(patch) }],
	};
	await writeFile(join(overlay, 'kustomization.yaml'), stringify(kustomization));
	await admin('apply', '-k', overlay);
	await admin('wait', '--for=condition=Available', `apiservice/${API_SERVICE}`, '--timeout=100s');
	return async () => {
		await admin('delete', '-k', overlay, '--ignore-not-found');
		await rm(overlay, { recursive: true });
	};
}

const BINDINGS = ['system:aggregated-metrics-reader', 'system:discovery'].map((role) => ({
	apiVersion: 'rbac.authorization.k8s.io/v1',
	kind: 'ClusterRoleBinding',
	metadata: { name: `e2e:anonymous:${role}` },
	roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
	subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'system:anonymous' }],
}));
