/** Builds the programs from their published Go modules, with the versions that `go/go.mod` pins. */
import { mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { BUILD_FLAGS, type Environment, runGo } from './run-go.ts';

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
 * Builds `programs` into `folder` (cold: about 5 minutes for all four on 2 cores). Each appears there only when it is whole, so an
 * interrupted build goes on where it stopped. The caller holds the lock of the folder.
 */
export async function buildPrograms(
	programs: readonly string[],
	folder: string,
	env: Environment,
	say: (line: string) => void,
): Promise<void> {
	// Before anything else, so that a machine without Go reads no promise of a build.
	await runGo(['version'], MODULE_FOLDER, env);
	for (const name of await readdir(folder)) {
		if (name.startsWith(TEMPORARY_PREFIX)) await rm(join(folder, name), { recursive: true, force: true });
	}
	const temporary = await mkdtemp(join(folder, TEMPORARY_PREFIX));
	say(
		`control plane: building ${programs.join(', ')} from Go modules into ${folder} (about 5 minutes, once per machine)`,
	);
	try {
		for (const program of programs) {
			const startedMs = Date.now();
			await goBuild(program, join(temporary, program), env);
			await rename(join(temporary, program), join(folder, program));
			say(`control plane: built ${program} in ${Math.round((Date.now() - startedMs) / 1000)} s`);
		}
	} finally {
		await rm(temporary, { recursive: true, force: true });
	}
}

async function goBuild(program: string, output: string, env: Environment): Promise<void> {
	const [major = '', minor = ''] = KUBERNETES_VERSION.slice(1).split('.');
	const version = { gitVersion: KUBERNETES_VERSION, gitMajor: major, gitMinor: minor, gitTreeState: 'clean' };
	const ldflags = [
		'-s',
		'-w',
		...Object.entries(version).map(([k, v]) => `-X k8s.io/component-base/version.${k}=${v}`),
	];
	const args = ['build', ...BUILD_FLAGS, '-ldflags', ldflags.join(' '), '-o', output];
	await runGo([...args, PACKAGES[program] ?? program], MODULE_FOLDER, env);
}
