/** metrics-server in a cluster that has no metrics API. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { stringify } from 'yaml';
import type { ControlPlane } from '../../../test/harness/control-plane/start.ts';
import { mustSucceed } from '../../../test/harness/product.ts';
import { METRICS_SERVER_IMAGE } from '../images.ts';
import { findManifests } from './build.ts';

const API_SERVICE = 'v1beta1.metrics.k8s.io';
const TIMEOUT_MS = 120_000;
/** Often, so that the autoscaler follows soon; the kubelets of test clusters sign their certificates themselves. */
const ARGS = ['--metric-resolution=10s', '--kubelet-request-timeout=5s', '--kubelet-insecure-tls'];

/** Resolves when the API answers, with what removes it again. */
export async function installMetricsServer(plane: ControlPlane): Promise<() => Promise<void>> {
	const admin = (...args: string[]) => plane.kubectl(args, { user: 'admin', timeoutMs: TIMEOUT_MS });
	if ((await admin('get', 'apiservice', API_SERVICE)).code === 0) return async () => undefined;
	const overlay = await mkdtemp(join(tmpdir(), 'toolhive-scaling-metrics-server-'));
	const isTrusted = await trustsApiServer(plane);
	const [, newName, newTag] = /^(.*):([^/:]+)$/.exec(METRICS_SERVER_IMAGE) ?? [];
	const container = '/spec/template/spec/containers/0';
	const patch = [
		...ARGS.map((value) => ({ op: 'add', path: `${container}/args/-`, value })),
		{ op: 'replace', path: `${container}/readinessProbe/initialDelaySeconds`, value: 1 },
	];
	const kustomization = {
		resources: [relative(overlay, await findManifests(process.env)), ...(isTrusted ? [] : ['anonymous.json'])],
		images: [{ name: 'gcr.io/k8s-staging-metrics-server/metrics-server', newName, newTag }],
		patches: [{ target: { kind: 'Deployment' }, patch: stringify(patch) }],
	};
	await writeFile(join(overlay, 'kustomization.yaml'), stringify(kustomization));
	await writeFile(join(overlay, 'anonymous.json'), JSON.stringify(anonymousReads()));
	await mustSucceed(admin('apply', '-k', overlay));
	await mustSucceed(admin('wait', '--for=condition=Available', `apiservice/${API_SERVICE}`, '--timeout=100s'));
	return async () => {
		await mustSucceed(admin('delete', '-k', overlay, '--ignore-not-found'));
		await rm(overlay, { recursive: true });
	};
}

/** Without a CA for the API server as a proxy, metrics-server takes its requests for anonymous ones. */
async function trustsApiServer(plane: ControlPlane): Promise<boolean> {
	const args = ['-n', 'kube-system', 'get', 'configmap', 'extension-apiserver-authentication', '-o', 'json'];
	const { stdout } = await mustSucceed(plane.kubectl(args, { user: 'admin' }));
	return 'requestheader-client-ca-file' in (JSON.parse(stdout) as { data: object }).data;
}

const anonymousReads = (): object => ({
	apiVersion: 'v1',
	kind: 'List',
	items: ['system:aggregated-metrics-reader', 'system:discovery'].map((role) => ({
		apiVersion: 'rbac.authorization.k8s.io/v1',
		kind: 'ClusterRoleBinding',
		metadata: { name: `e2e:anonymous:${role}` },
		roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
		subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'system:anonymous' }],
	})),
});
