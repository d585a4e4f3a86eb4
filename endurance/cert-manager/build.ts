/** Builds cert-manager from its Go module, in the version that `go/go.mod` pins, and finds the CRDs in that module. */
import { existsSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { cacheFolder } from '../../test/harness/control-plane/cache-folder.ts';
import { withLock } from '../../test/harness/control-plane/lock.ts';
import { BUILD_FLAGS, type Environment, runGo } from '../../test/harness/control-plane/run-go.ts';

/** The version that `go/go.mod` requires. */
export const CERT_MANAGER_VERSION = 'v1.21.2';

const MODULE_FOLDER = join(import.meta.dirname, 'go');

/** Reports that cert-manager cannot be built on this machine. The message is one line and contains the fix. */
export class CertManagerMissing extends Error {}

const missing = (error: Error): never => {
	const reason = error.message.replaceAll(/\s*\n\s*/g, ' ');
	throw new CertManagerMissing(`cert-manager ${CERT_MANAGER_VERSION} cannot be built: ${reason}`, { cause: error });
};

/**
 * Returns the folder of the Go module that contains the CRDs. The first call downloads the module and builds nothing.
 */
export async function findCrds(env: Environment): Promise<string> {
	const module = `github.com/cert-manager/cert-manager@${CERT_MANAGER_VERSION}`;
	const listed = await runGo(['mod', 'download', '-json', module], MODULE_FOLDER, env).catch(missing);
	const { Dir: folder } = JSON.parse(listed) as { Dir: string };
	return join(folder, 'deploy/crds');
}

/**
 * Returns the path of the program. A program that is not in the cache is built (about 4 minutes on 2 cores, once per
 * machine).
 */
export async function findCertManager(env: Environment, say: (line: string) => void): Promise<string> {
	const folder = cacheFolder(env, 'cert-manager', CERT_MANAGER_VERSION);
	const program = join(folder, 'cert-manager');
	if (existsSync(program)) return program;
	await mkdir(dirname(folder), { recursive: true });
	return withLock(`${folder}.lock`, say, async () => {
		if (existsSync(program)) return program;
		say(`cert-manager: building ${CERT_MANAGER_VERSION} into ${folder} (about 4 minutes, once per machine)`);
		const args = ['build', ...BUILD_FLAGS, '-ldflags', '-s -w', '-o', `${program}.part`, '.'];
		await runGo(args, MODULE_FOLDER, env).catch(missing);
		await rename(`${program}.part`, program);
		return program;
	});
}
