/** Builds the programs from their published Go modules: the pinned release with the versions of `go/go.mod`, or any other release. */
import { mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ANY_GO, BUILD_FLAGS, type Environment, runGo } from './run-go.ts';

/** The version `go/go.mod` requires; the linker writes it into the programs, or they would call themselves v0.0.0. */
export const KUBERNETES_VERSION = 'v1.36.1';

const MODULE_FOLDER = join(import.meta.dirname, 'go');

const PACKAGES: Readonly<Record<string, string>> = {
	etcd: 'go.etcd.io/etcd/server/v3',
	'kube-apiserver': 'k8s.io/kubernetes/cmd/kube-apiserver',
	'kube-controller-manager': 'k8s.io/kubernetes/cmd/kube-controller-manager',
	kubectl: 'k8s.io/kubernetes/cmd/kubectl',
};

const TEMPORARY_PREFIX = '.building-';

/**
 * Builds `programs` into `folder` (cold: about 5 minutes for all four on 2 cores). Each program appears there only when it is
 * complete, so an interrupted build continues where it stopped. The caller holds the lock of the folder.
 */
export async function buildPrograms(
	programs: readonly string[],
	folder: string,
	env: Environment,
	say: (line: string) => void,
	version = KUBERNETES_VERSION,
): Promise<void> {
	// First, so that a machine without Go prints nothing about a build.
	await runGo(['version'], MODULE_FOLDER, env);
	for (const name of await readdir(folder)) {
		if (name.startsWith(TEMPORARY_PREFIX)) await rm(join(folder, name), { recursive: true, force: true });
	}
	const temporary = await mkdtemp(join(folder, TEMPORARY_PREFIX));
	const names = programs.join(', ');
	say(`control plane: building ${names} ${version} into ${folder} (about 5 minutes, once per machine)`);
	try {
		const from = version === KUBERNETES_VERSION ? MODULE_FOLDER : await unpinned(temporary, env, version, programs);
		for (const program of programs) {
			const startedMs = Date.now();
			await goBuild(program, join(temporary, program), env, version, from);
			await rename(join(temporary, program), join(folder, program));
			say(`control plane: built ${program} ${version} in ${Math.round((Date.now() - startedMs) / 1000)} s`);
		}
	} finally {
		await rm(temporary, { recursive: true, force: true });
	}
}

/**
 * A module for a release that is not pinned. Its own go.mod replaces the staging modules by folders of its repository; outside
 * the repository each is a module of its own, where v0.M.P belongs to Kubernetes v1.M.P.
 */
async function unpinned(
	temporary: string,
	env: Environment,
	version: string,
	programs: readonly string[],
): Promise<string> {
	const folder = join(temporary, 'go');
	await mkdir(folder);
	const go = (...args: string[]): Promise<string> => runGo(args, folder, { ...ANY_GO, ...env });
	await go('mod', 'init', 'example.invalid/control-plane');
	const { GoMod } = JSON.parse(await go('mod', 'download', '-json', `k8s.io/kubernetes@${version}`)) as Download;
	const staging = [...(await readFile(GoMod, 'utf8')).matchAll(/^\s*(?:replace )?(k8s\.io\/\S+) => \.\/staging\//gm)];
	const released = version.replace('v1.', 'v0.');
	await go('mod', 'edit', ...staging.map(([, name]) => `-replace=${name}=${name}@${released}`));
	await go('get', ...programs.map((program) => `${PACKAGES[program]}@${version}`));
	return folder;
}

/** What `go mod download -json` prints. */
interface Download {
	readonly GoMod: string;
}

async function goBuild(
	program: string,
	output: string,
	env: Environment,
	release: string,
	moduleFolder: string,
): Promise<void> {
	const [major = '', minor = ''] = release.slice(1).split('.');
	const version = { gitVersion: release, gitMajor: major, gitMinor: minor, gitTreeState: 'clean' };
	const ldflags = [
		'-s',
		'-w',
		...Object.entries(version).map(([k, v]) => `-X k8s.io/component-base/version.${k}=${v}`),
	];
	const args = ['build', ...BUILD_FLAGS, '-ldflags', ldflags.join(' '), '-o', output];
	await runGo([...args, PACKAGES[program] ?? program], moduleFolder, { ...ANY_GO, ...env });
}
