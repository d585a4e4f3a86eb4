/**
 * Provides the programs of a given Kubernetes release. kube-apiserver and kube-controller-manager are built for the
 * release; all releases share etcd and kubectl.
 */
import { access, mkdir, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { type Assets, CONTROLLER_MANAGER, findAssets, missingIn, planeFolder } from './assets.ts';
import { buildPrograms } from './build.ts';
import { withLock } from './lock.ts';
import type { Environment } from './run-go.ts';

const BUILT = ['kube-apiserver', CONTROLLER_MANAGER] as const;
const SHARED = ['etcd', 'kubectl'] as const;

/**
 * Builds the programs that are missing, which takes about 5 minutes. `version` is an exact version, such as `v1.30.14`.
 * Several processes may call this function at the same time.
 */
export async function findRelease(version: string, env: Environment, say: (line: string) => void): Promise<Assets> {
	const folder = planeFolder(env, version);
	const { folder: shared } = await findAssets({ env, controllerManager: false, say });
	await mkdir(folder, { recursive: true });
	await withLock(`${folder}.lock`, say, async () => {
		const missing = missingIn(folder, BUILT);
		if (missing.length > 0) await buildPrograms(missing, folder, env, say, version);
		for (const program of missingIn(folder, SHARED)) await link(join(shared, program), join(folder, program));
	});
	return { folder, source: 'cache', controllerManager: join(folder, CONTROLLER_MANAGER) };
}

/** Creates a symbolic link, and replaces an earlier link whose target was deleted. */
async function link(target: string, path: string): Promise<void> {
	await access(target);
	await rm(path, { force: true });
	await symlink(target, path);
}
