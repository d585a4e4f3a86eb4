/** Provides the programs of a given Kubernetes release. All releases share etcd and kubectl. */
import { type Assets, CONTROLLER_MANAGER, findAssets } from './assets.ts';
import { buildProgram } from './build.ts';
import type { Environment } from './run-go.ts';

/** Builds the programs that are missing. `version` is an exact version, such as `v1.30.14`. */
export async function findRelease(version: string, env: Environment, say: (line: string) => void): Promise<Assets> {
	return {
		...(await findAssets({ env, controllerManager: false, say })),
		apiServer: await buildProgram('kube-apiserver', env, say, version),
		controllerManager: await buildProgram(CONTROLLER_MANAGER, env, say, version),
	};
}
