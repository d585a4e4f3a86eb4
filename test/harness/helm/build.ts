/**
 * Helm, built from its Go modules with the versions that `go/` pins, into a cache outside the checkout. Two of them: Helm 4 applies
 * on the server, Helm 3 merges three ways.
 */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { cacheFolder } from '../control-plane/cache-folder.ts';
import { withLock } from '../control-plane/lock.ts';
import { BUILD_FLAGS, type Environment, runGo } from '../control-plane/run-go.ts';

/** The versions `go/` requires. */
export const HELM_VERSIONS = { v4: 'v4.3.1', v3: 'v3.22.0' } as const;
export type HelmGeneration = keyof typeof HELM_VERSIONS;

/** Helm cannot be had on this machine. The message is one line and says what to do. */
export class HelmMissing extends Error {}

type Say = (line: string) => void;

/** Path of the program; built where it is not in the cache (about 2 minutes on 2 cores, once per machine). */
export async function findHelm(generation: HelmGeneration, env: Environment, say: Say): Promise<string> {
	const version = HELM_VERSIONS[generation];
	const program = join(cacheFolder(env, 'helm', version), 'helm');
	if (existsSync(program)) return program;
	await mkdir(dirname(program), { recursive: true });
	return withLock(`${dirname(program)}.lock`, say, async () => {
		if (existsSync(program)) return program;
		await build(generation, program, env, say).catch((error: Error) => {
			throw new HelmMissing(`no Helm ${version}: ${error.message.replaceAll(/\s*\n\s*/g, ' ')}`, { cause: error });
		});
		return program;
	});
}

/** It appears only when it is whole. */
async function build(generation: HelmGeneration, program: string, env: Environment, say: Say): Promise<void> {
	const folder = join(import.meta.dirname, 'go', generation);
	// Before anything else, so that a machine without Go reads no promise of a build.
	await runGo(['version'], folder, env);
	say(`helm: building ${HELM_VERSIONS[generation]} into ${dirname(program)} (about 2 minutes, once per machine)`);
	const temporary = await mkdtemp(join(dirname(program), '.building-'));
	try {
		const module = `helm.sh/helm/${generation}`;
		// The linker writes the version into the program, or it would call itself v4.3.
		const flags = `-s -w -X ${module}/internal/version.version=${HELM_VERSIONS[generation]}`;
		const args = ['build', ...BUILD_FLAGS, '-ldflags', flags, '-o', join(temporary, 'helm'), `${module}/cmd/helm`];
		await runGo(args, folder, env);
		await rename(join(temporary, 'helm'), program);
	} finally {
		await rm(temporary, { recursive: true, force: true });
	}
}
