/** Builds the programs from their published Go modules, for the release pinned in `go/go.mod` or any other release. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder } from './cache-folder.ts';
import { buildOnce, type Environment, runGo } from './run-go.ts';

/** Version that `go/go.mod` requires. The linker sets it in the programs, which would otherwise report v0.0.0. */
export const KUBERNETES_VERSION = 'v1.36.1';

const MODULE_FOLDER = join(import.meta.dirname, 'go');

const PACKAGES = {
	etcd: 'go.etcd.io/etcd/server/v3',
	'kube-apiserver': 'k8s.io/kubernetes/cmd/kube-apiserver',
	'kube-controller-manager': 'k8s.io/kubernetes/cmd/kube-controller-manager',
	kubectl: 'k8s.io/kubernetes/cmd/kubectl',
};

/**
 * Returns the cache folder of one version. Downloaded and built control planes have different versions, so they never
 * share a folder.
 */
export const planeFolder = (env: Environment, version: string): string => cacheFolder(env, 'control-plane', version);

/** Returns the path of the program in the cache, and builds it if it does not exist. */
export function buildProgram(
	program: keyof typeof PACKAGES,
	env: Environment,
	say: (line: string) => void,
	version = KUBERNETES_VERSION,
): Promise<string> {
	const [gitMajor, gitMinor] = version.slice(1).split('.');
	const variables = Object.entries({ gitVersion: version, gitMajor, gitMinor, gitTreeState: 'clean' });
	const ldflags = ['-s', '-w', ...variables.map(([k, v]) => `-X k8s.io/component-base/version.${k}=${v}`)];
	const source = PACKAGES[program];
	const module =
		version === KUBERNETES_VERSION ? MODULE_FOLDER : (folder: string) => unpinned(folder, env, version, source);
	const path = join(planeFolder(env, version), program);
	return buildOnce(path, { module, source, flags: ['-ldflags', ldflags.join(' ')] }, env, say);
}

/**
 * Creates a Go module for a release that is not pinned. The go.mod of Kubernetes replaces the staging modules with
 * folders of the Kubernetes repository. Outside that repository, each staging module is a separate module, and its
 * v0.M.P belongs to Kubernetes v1.M.P.
 */
async function unpinned(folder: string, env: Environment, version: string, source: string): Promise<void> {
	const go = (...args: string[]): Promise<string> => runGo(args, folder, env);
	await go('mod', 'init', 'example.invalid/control-plane');
	const { GoMod } = JSON.parse(await go('mod', 'download', '-json', `k8s.io/kubernetes@${version}`)) as Download;
	const staging = [...(await readFile(GoMod, 'utf8')).matchAll(/^\s*(?:replace )?(k8s\.io\/\S+) => \.\/staging\//gm)];
	const released = version.replace('v1.', 'v0.');
	await go('mod', 'edit', ...staging.map(([, name]) => `-replace=${name}=${name}@${released}`));
	await go('get', `${source}@${version}`);
}

/** The field that this module reads from the output of `go mod download -json`. */
interface Download {
	readonly GoMod: string;
}
