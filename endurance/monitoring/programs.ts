/**
 * Builds Prometheus and promtool from their Go module, in the versions that `go/go.mod` pins. The CRDs of the
 * Prometheus operator come from its Go module. The programs are stored in a cache outside the checkout.
 */
import { existsSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder } from '../../test/harness/control-plane/cache-folder.ts';
import { withLock } from '../../test/harness/control-plane/lock.ts';
import { BUILD_FLAGS, type Environment, runGo } from '../../test/harness/control-plane/run-go.ts';

/**
 * The version that `go/go.mod` requires, which is Prometheus 3.10. Since this version, a build can omit the service
 * discoveries.
 */
export const PROMETHEUS_VERSION = 'v0.310.0';
const OPERATOR_VERSION = 'v0.85.0';

/** Reports that the programs cannot be built on this machine. The message is one line. */
export class MonitoringMissing extends Error {}

const MODULE_FOLDER = join(import.meta.dirname, 'go');

/**
 * Returns the path of the program, and builds it if it does not exist yet. Several processes may call this function at
 * the same time.
 */
export async function findProgram(
	name: 'prometheus' | 'promtool',
	env: Environment,
	say: (line: string) => void,
): Promise<string> {
	const folder = cacheFolder(env, 'prometheus', PROMETHEUS_VERSION);
	const program = join(folder, name);
	if (existsSync(program)) return program;
	await mkdir(folder, { recursive: true });
	return withLock(`${folder}.lock`, say, async () => {
		if (existsSync(program)) return program;
		await runGo(['version'], MODULE_FOLDER, env);
		say(`monitoring: building ${name} ${PROMETHEUS_VERSION} into ${folder} (about 3 minutes, once per machine)`);
		const startedMs = Date.now();
		// The build includes only the file-based service discovery, which excludes the clients of all cloud providers.
		const flags = ['-tags', 'remove_all_sd', ...BUILD_FLAGS, '-ldflags', '-s -w'];
		const output = `${program}.building`;
		const source = `github.com/prometheus/prometheus/cmd/${name}`;
		await runGo(['build', ...flags, '-o', output, source], MODULE_FOLDER, env);
		await rename(output, program);
		say(`monitoring: built in ${Math.round((Date.now() - startedMs) / 1000)} s`);
		return program;
	});
}

/**
 * Returns the folder of the Go module that contains the CRDs. The first call downloads the module and builds nothing.
 */
export async function findOperatorCrds(env: Environment): Promise<string> {
	const module = `github.com/prometheus-operator/prometheus-operator@${OPERATOR_VERSION}`;
	const listed = await runGo(['mod', 'download', '-json', module], MODULE_FOLDER, env).catch((error: Error) => {
		throw new MonitoringMissing(`no CRDs of the Prometheus operator: ${error.message}`, { cause: error });
	});
	const { Dir: folder } = JSON.parse(listed) as { Dir: string };
	return join(folder, 'example/prometheus-operator-crd');
}
