/**
 * The released operator as a program, built from its Go module with the versions that `go/go.mod` pins, and its own CRDs, which
 * the module carries. Both lie in a cache outside the checkout; nothing of them is committed.
 */
import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder } from '../control-plane/cache-folder.ts';
import { withLock } from '../control-plane/lock.ts';
import { BUILD_FLAGS, type Environment, runGo } from '../control-plane/run-go.ts';

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

/** Finds the operator, or builds it (about 4 minutes on 2 cores, once per machine). Several processes may ask at once. */
export async function findOperator(env: Environment, say: Say): Promise<OperatorAssets> {
	const folder = cacheFolder(env, 'operator', OPERATOR_VERSION);
	if (isWhole(folder)) return assetsIn(folder);
	await mkdir(folder, { recursive: true });
	return withLock(`${folder}.lock`, say, async () => {
		if (isWhole(folder)) return assetsIn(folder);
		try {
			await build(folder, env, say);
		} catch (error) {
			const reason = (error instanceof Error ? error.message : String(error)).replaceAll(/\s*\n\s*/g, ' ');
			throw new OperatorMissing(`no ToolHive operator ${OPERATOR_VERSION}: ${reason}`, { cause: error });
		}
		return assetsIn(folder);
	});
}

const assetsIn = (folder: string): OperatorAssets => ({
	program: join(folder, PROGRAM),
	crdFolder: join(folder, CRDS),
});

const isWhole = (folder: string): boolean => [PROGRAM, CRDS].every((name) => existsSync(join(folder, name)));

/** Each part appears only when it is whole, so an interrupted build goes on where it stopped. The caller holds the lock. */
async function build(folder: string, env: Environment, say: Say): Promise<void> {
	// Before anything else, so that a machine without Go reads no promise of a build.
	await runGo(['version'], MODULE_FOLDER, env);
	for (const name of await readdir(folder)) {
		if (name.startsWith(TEMPORARY_PREFIX)) await rm(join(folder, name), { recursive: true, force: true });
	}
	const temporary = await mkdtemp(join(folder, TEMPORARY_PREFIX));
	try {
		if (!existsSync(join(folder, PROGRAM))) {
			say(`operator: building ${PROGRAM} ${OPERATOR_VERSION} into ${folder} (about 4 minutes, once per machine)`);
			const startedMs = Date.now();
			const output = ['-ldflags', '-s -w', '-o', join(temporary, PROGRAM)];
			await runGo(['build', ...BUILD_FLAGS, ...output, `${MODULE}/cmd/${PROGRAM}`], MODULE_FOLDER, env);
			await rename(join(temporary, PROGRAM), join(folder, PROGRAM));
			say(`operator: built in ${Math.round((Date.now() - startedMs) / 1000)} s`);
		}
		await copyCrds(temporary, env);
		await rm(join(folder, CRDS), { recursive: true, force: true });
		await rename(join(temporary, CRDS), join(folder, CRDS));
	} finally {
		await rm(temporary, { recursive: true, force: true });
	}
}

/** The CRDs where Go keeps the module; a download on the first time, no build. */
export async function findCrdFolder(env: Environment): Promise<string> {
	const listed = await runGo(['mod', 'download', '-json', `${MODULE}@${OPERATOR_VERSION}`], MODULE_FOLDER, env);
	const { Dir: moduleFolder } = JSON.parse(listed) as { Dir: string };
	return join(moduleFolder, CRDS_IN_MODULE);
}

async function copyCrds(temporary: string, env: Environment): Promise<void> {
	const from = await findCrdFolder(env);
	await mkdir(join(temporary, CRDS));
	for (const name of await readdir(from)) await copyFile(join(from, name), join(temporary, CRDS, name));
}
