/** metrics-server as a program, built from its Go module with the version that `go/go.mod` pins, and the manifests of the module. */
import { existsSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder } from '../../../test/harness/control-plane/cache-folder.ts';
import { withLock } from '../../../test/harness/control-plane/lock.ts';
import { BUILD_FLAGS, type Environment, runGo } from '../../../test/harness/control-plane/run-go.ts';

/** The version `go/go.mod` requires. */
export const METRICS_SERVER_VERSION = 'v0.9.0';

const MODULE = 'sigs.k8s.io/metrics-server';
const MODULE_FOLDER = join(import.meta.dirname, 'go');

/** A kustomize base, where Go keeps the module; a download on the first time, no build. */
export async function findManifests(env: Environment): Promise<string> {
	const listed = await runGo(['mod', 'download', '-json', `${MODULE}@${METRICS_SERVER_VERSION}`], MODULE_FOLDER, env);
	const { Dir: folder } = JSON.parse(listed) as { Dir: string };
	return join(folder, 'manifests/base');
}

/** Path of the program; built where it is not in the cache (about 4 minutes on 2 cores, once per machine). */
export async function findMetricsServer(env: Environment, say: (line: string) => void): Promise<string> {
	const folder = cacheFolder(env, 'metrics-server', METRICS_SERVER_VERSION);
	const program = join(folder, 'metrics-server');
	if (existsSync(program)) return program;
	await mkdir(folder, { recursive: true });
	return withLock(`${folder}.lock`, say, async () => {
		if (existsSync(program)) return program;
		say(`metrics-server: building ${METRICS_SERVER_VERSION} into ${folder} (about 4 minutes, once per machine)`);
		const output = ['-ldflags', '-s -w', '-o', `${program}.part`];
		await runGo(['build', ...BUILD_FLAGS, ...output, `${MODULE}/cmd/metrics-server`], MODULE_FOLDER, env);
		await rename(`${program}.part`, program);
		return program;
	});
}
