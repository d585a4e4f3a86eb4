/**
 * Builds the programs of a ToolHive release (the operator, the proxy runner, vmcp) from its Go module, in the versions
 * that `go/go.mod` pins. The programs and the module's CRDs are stored in a cache outside the checkout.
 */
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder } from '../../test/harness/control-plane/cache-folder.ts';
import { withLock } from '../../test/harness/control-plane/lock.ts';
import { ANY_GO, BUILD_FLAGS, type Environment, runGo } from '../../test/harness/control-plane/run-go.ts';
import { inTemporaryFolder } from '../../test/harness/control-plane/temporary-folder.ts';
import { replaceModules } from './replaced.ts';

/**
 * The release that `go/go.mod` pins. Other releases are built without a committed go.sum. Releases since v0.55 need Go
 * 1.27.
 */
export const OPERATOR_VERSION = 'v0.47.0';

/**
 * The release that test/harness/old-operator replaces. It cannot be built, because its dependencies cannot be resolved.
 */
export const STAND_IN_VERSION = 'v0.12.5';

export interface OperatorAssets {
	readonly program: string;
	readonly crdFolder: string;
	/** The modules that were built in another version, because the module proxy does not serve the required version. */
	readonly replaced: readonly string[];
}

/** Reports that the operator cannot be built on this machine. The message is one line with the reason. */
export class OperatorMissing extends Error {}

type Say = (line: string) => void;

const MODULE = 'github.com/stacklok/toolhive';
const MODULE_FOLDER = join(import.meta.dirname, 'go');
const CRDS_IN_MODULE = 'deploy/charts/operator-crds/files/crds';
const PROGRAM = 'thv-operator';
const CRDS = 'crds';
const REPLACED = 'replaced-modules';

export type ToolhiveProgram = 'thv-operator' | 'thv-proxyrunner' | 'vmcp';

/**
 * Returns the operator, and builds it if it does not exist yet (about 4 minutes on 2 cores, once per machine). Several
 * processes may call this function at the same time.
 */
export async function findOperator(env: Environment, say: Say, version = OPERATOR_VERSION): Promise<OperatorAssets> {
	const folder = await findPrograms(env, say, version, [PROGRAM]);
	const replaced = await readFile(join(folder, REPLACED), 'utf8').catch(() => '');
	return {
		program: join(folder, PROGRAM),
		crdFolder: join(folder, CRDS),
		replaced: replaced.split('\n').filter(Boolean),
	};
}

/**
 * Returns the folder with these programs of a release and its CRDs in `crds/`, and builds what is missing. Several
 * processes may call this function at the same time.
 */
export async function findPrograms(
	env: Environment,
	say: Say,
	version: string,
	programs: readonly ToolhiveProgram[],
): Promise<string> {
	const folder = cacheFolder(env, 'operator', version);
	const isWhole = (): boolean => [...programs, CRDS].every((name) => existsSync(join(folder, name)));
	if (isWhole()) return folder;
	await mkdir(folder, { recursive: true });
	return withLock(`${folder}.lock`, say, async () => {
		if (isWhole()) return folder;
		try {
			await build(folder, { ...ANY_GO, ...env }, say, version, programs);
		} catch (error) {
			const reason = (error instanceof Error ? error.message : String(error)).replaceAll(/\s*\n\s*/g, ' ');
			throw new OperatorMissing(`no ToolHive operator ${version}: ${reason}`, { cause: error });
		}
		return folder;
	});
}

/**
 * Moves each part into place only when it is complete, so that an interrupted build can continue. The caller holds the
 * lock.
 */
async function build(
	folder: string,
	env: Environment,
	say: Say,
	version: string,
	programs: readonly ToolhiveProgram[],
): Promise<void> {
	// This check comes first, so that a machine without Go prints nothing about a build.
	await runGo(['version'], MODULE_FOLDER, env);
	await inTemporaryFolder(folder, async (temporary) => {
		const missing = programs.filter((program) => !existsSync(join(folder, program)));
		const from = version === OPERATOR_VERSION ? MODULE_FOLDER : await unpinned(temporary, env, version, missing);
		for (const program of missing) {
			say(`operator: building ${program} ${version} into ${folder} (about 4 minutes, once per machine)`);
			const startedMs = Date.now();
			const output = ['-ldflags', '-s -w', '-o', join(temporary, program)];
			await runGo(['build', ...BUILD_FLAGS, ...output, `${MODULE}/cmd/${program}`], from, env);
			await rename(join(temporary, program), join(folder, program));
			say(`operator: built in ${Math.round((Date.now() - startedMs) / 1000)} s`);
		}
		if (existsSync(join(temporary, REPLACED))) await rename(join(temporary, REPLACED), join(folder, REPLACED));
		await copyCrds(temporary, env, version);
		await rm(join(folder, CRDS), { recursive: true, force: true });
		await rename(join(temporary, CRDS), join(folder, CRDS));
	});
}

/**
 * Creates a Go module for a version that is not pinned. Go selects the versions that ToolHive's own go.mod requires.
 */
async function unpinned(
	temporary: string,
	env: Environment,
	version: string,
	programs: readonly string[],
): Promise<string> {
	const folder = join(temporary, 'go');
	await mkdir(folder);
	const go = (...args: string[]): Promise<string> => runGo(args, folder, env);
	await go('mod', 'init', 'example.invalid/toolhive-programs');
	await go('get', `${MODULE}@${version}`);
	const get = (): Promise<string> => go('get', ...programs.map((program) => `${MODULE}/cmd/${program}@${version}`));
	try {
		await get();
	} catch (error) {
		// Programs other than the operator call these modules, so with other versions they would differ from the release.
		if (programs.join() !== PROGRAM) throw error;
		const replaced = await replaceModules(folder, go);
		await get();
		await writeFile(join(temporary, REPLACED), replaced.join('\n'));
	}
	return folder;
}

/** Returns the CRDs in Go's module cache. Downloads the module once and builds nothing. */
export async function findCrdFolder(env: Environment, version: string): Promise<string> {
	const listed = await runGo(['mod', 'download', '-json', `${MODULE}@${version}`], MODULE_FOLDER, {
		...ANY_GO,
		...env,
	});
	const { Dir: moduleFolder } = JSON.parse(listed) as { Dir: string };
	return join(moduleFolder, CRDS_IN_MODULE);
}

async function copyCrds(temporary: string, env: Environment, version: string): Promise<void> {
	const from = await findCrdFolder(env, version);
	await mkdir(join(temporary, CRDS));
	for (const name of await readdir(from)) await copyFile(join(from, name), join(temporary, CRDS, name));
}
