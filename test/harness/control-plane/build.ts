/** Builds the programs from their published Go modules, for the release pinned in `go/go.mod` or any other release. */
import { mkdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { ANY_GO, BUILD_FLAGS, type Environment, runGo } from './run-go.ts';
import { inTemporaryFolder } from './temporary-folder.ts';

/** Version that `go/go.mod` requires. The linker sets it in the programs, which would otherwise report v0.0.0. */
export const KUBERNETES_VERSION = 'v1.36.1';

const MODULE_FOLDER = join(import.meta.dirname, 'go');

const PACKAGES: Readonly<Record<string, string>> = {
	etcd: 'go.etcd.io/etcd/server/v3',
	'kube-apiserver': 'k8s.io/kubernetes/cmd/kube-apiserver',
	'kube-controller-manager': 'k8s.io/kubernetes/cmd/kube-controller-manager',
	kubectl: 'k8s.io/kubernetes/cmd/kubectl',
};

/**
 * Builds `programs` into `folder`. Without a Go build cache, all four programs take about 5 minutes on 2 cores. Each
 * program is moved into `folder` only when it is complete. After an interruption, the next run therefore builds only
 * the missing programs. The caller must hold the lock of `folder`.
 */
export async function buildPrograms(
	programs: readonly string[],
	folder: string,
	env: Environment,
	say: (line: string) => void,
	version = KUBERNETES_VERSION,
): Promise<void> {
	// On a machine without Go, this call fails before the progress message about the build is printed.
	await runGo(['version'], MODULE_FOLDER, env);
	const names = programs.join(', ');
	say(`control plane: building ${names} ${version} into ${folder} (about 5 minutes, once per machine)`);
	await inTemporaryFolder(folder, async (temporary) => {
		const from = version === KUBERNETES_VERSION ? MODULE_FOLDER : await unpinned(temporary, env, version, programs);
		for (const program of programs) {
			const startedMs = Date.now();
			await goBuild(program, join(temporary, program), env, version, from);
			await rename(join(temporary, program), join(folder, program));
			say(`control plane: built ${program} ${version} in ${Math.round((Date.now() - startedMs) / 1000)} s`);
		}
	});
}

/**
 * Creates a Go module for a release that is not pinned. The go.mod of Kubernetes replaces the staging modules with
 * folders of the Kubernetes repository. Outside that repository, each staging module is a separate module, and its
 * v0.M.P belongs to Kubernetes v1.M.P.
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

/** The field that this module reads from the output of `go mod download -json`. */
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
