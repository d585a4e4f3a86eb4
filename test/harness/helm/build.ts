/**
 * Builds Helm from its Go modules, in the versions that `go/` requires, into a cache outside the checkout. Helm 4 uses
 * server-side apply; Helm 3 does not.
 */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { cacheFolder } from '../control-plane/cache-folder.ts';
import { withLock } from '../control-plane/lock.ts';
import { BUILD_FLAGS, type Environment, runGo } from '../control-plane/run-go.ts';

/** The versions that `go/` requires. */
export const HELM_VERSIONS = { v4: 'v4.3.1', v3: 'v3.22.0' } as const;
export type HelmGeneration = keyof typeof HELM_VERSIONS;

/** Thrown if Helm cannot be built on this machine. The message is one line and names the fix. */
export class HelmMissing extends Error {}

/** Returns the path of the Helm program, and builds it if the cache does not have it (about 2 minutes on 2 cores). */
export async function findHelm(
	generation: HelmGeneration,
	env: Environment,
	say: (line: string) => void,
): Promise<string> {
	const version = HELM_VERSIONS[generation];
	const program = join(cacheFolder(env, 'helm', version), 'helm');
	if (existsSync(program)) return program;
	await mkdir(dirname(program), { recursive: true });
	return withLock(`${dirname(program)}.lock`, say, async () => {
		if (existsSync(program)) return program;
		const folder = join(import.meta.dirname, 'go', generation);
		const temporary = await mkdtemp(join(dirname(program), '.building-'));
		try {
			// Checks for Go first, so that a machine without Go does not report a build.
			await runGo(['version'], folder, env);
			say(`helm: building ${version} into ${dirname(program)} (about 2 minutes, once per machine)`);
			const module = `helm.sh/helm/${generation}`;
			// Without this flag, the program reports version v4.3.
			const flags = `-s -w -X ${module}/internal/version.version=${version}`;
			const output = join(temporary, 'helm');
			await runGo(['build', ...BUILD_FLAGS, '-ldflags', flags, '-o', output, `${module}/cmd/helm`], folder, env);
			await rename(output, program);
		} catch (error) {
			const message = (error as Error).message.replaceAll(/\s*\n\s*/g, ' ');
			throw new HelmMissing(`no Helm ${version}: ${message}`, { cause: error });
		} finally {
			await rm(temporary, { recursive: true, force: true });
		}
		return program;
	});
}
