/**
 * Programs of a ToolHive release (the operator, the proxy runner, vmcp), built from its Go module with the versions that
 * `go/go.mod` pins, and the CRDs of the module. All are kept in a cache outside the checkout.
 */
import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder } from '../../test/harness/control-plane/cache-folder.ts';
import { withLock } from '../../test/harness/control-plane/lock.ts';
import { BUILD_FLAGS, type Environment, runGo } from '../../test/harness/control-plane/run-go.ts';

/** The version `go/go.mod` requires; newer ones need Go 1.27, older ones do not resolve. */
export const OPERATOR_VERSION = 'v0.47.0';

export interface OperatorAssets {
	readonly program: string;
	readonly crdFolder: string;
}

/** The operator cannot be had on this machine. The message is one line and says what to do. */
export class OperatorMissing extends Error {}

type Say = (line: string) => void;

const MODULE = 'github.com/stacklok/toolhive';
const MODULE_FOLDER = join(import.meta.dirname, 'go');
const CRDS_IN_MODULE = 'deploy/charts/operator-crds/files/crds';
const PROGRAM = 'thv-operator';
const CRDS = 'crds';
const TEMPORARY_PREFIX = '.building-';

export type ToolhiveProgram = 'thv-operator' | 'thv-proxyrunner' | 'vmcp';

/** Finds the operator, or builds it (about 4 minutes on 2 cores, once per machine). Several processes may ask at once. */
export async function findOperator(env: Environment, say: Say): Promise<OperatorAssets> {
	const folder = await findPrograms(env, say, OPERATOR_VERSION, [PROGRAM]);
	return { program: join(folder, PROGRAM), crdFolder: join(folder, CRDS) };
}

/** The folder with these programs of a release, and its CRDs in `crds/`; builds what is missing. Several processes may call it. */
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
			await build(folder, env, say, version, programs);
		} catch (error) {
			const reason = (error instanceof Error ? error.message : String(error)).replaceAll(/\s*\n\s*/g, ' ');
			throw new OperatorMissing(`no ToolHive operator ${version}: ${reason}`, { cause: error });
		}
		return folder;
	});
}

/** Each part appears only when it is whole, so an interrupted build goes on where it stopped. The caller holds the lock. */
async function build(
	folder: string,
	env: Environment,
	say: Say,
	version: string,
	programs: readonly ToolhiveProgram[],
): Promise<void> {
	// Before anything else, so that a machine without Go reads no promise of a build.
	await runGo(['version'], MODULE_FOLDER, env);
	for (const name of await readdir(folder)) {
		if (name.startsWith(TEMPORARY_PREFIX)) await rm(join(folder, name), { recursive: true, force: true });
	}
	const temporary = await mkdtemp(join(folder, TEMPORARY_PREFIX));
	try {
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
		await copyCrds(temporary, env, version);
		await rm(join(folder, CRDS), { recursive: true, force: true });
		await rename(join(temporary, CRDS), join(folder, CRDS));
	} finally {
		await rm(temporary, { recursive: true, force: true });
	}
}

/** A module for a version that is not pinned: Go chooses the versions that ToolHive's own go.mod requires. */
async function unpinned(
	temporary: string,
	env: Environment,
	version: string,
	programs: readonly ToolhiveProgram[],
): Promise<string> {
	const folder = join(temporary, 'go');
	await mkdir(folder);
	await runGo(['mod', 'init', 'example.invalid/toolhive-programs'], folder, env);
	await runGo(['get', `${MODULE}@${version}`], folder, env);
	await runGo(['get', ...programs.map((program) => `${MODULE}/cmd/${program}@${version}`)], folder, env);
	return folder;
}

/** The CRDs where Go keeps the module; a download on the first time, no build. */
export async function findCrdFolder(env: Environment, version = OPERATOR_VERSION): Promise<string> {
	const listed = await runGo(['mod', 'download', '-json', `${MODULE}@${version}`], MODULE_FOLDER, env);
	const { Dir: moduleFolder } = JSON.parse(listed) as { Dir: string };
	return join(moduleFolder, CRDS_IN_MODULE);
}

async function copyCrds(temporary: string, env: Environment, version: string): Promise<void> {
	const from = await findCrdFolder(env, version);
	await mkdir(join(temporary, CRDS));
	for (const name of await readdir(from)) await copyFile(join(from, name), join(temporary, CRDS, name));
}
