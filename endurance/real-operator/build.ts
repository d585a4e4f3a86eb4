/**
 * Builds the programs of a ToolHive release (the operator, the proxy runner, vmcp) from its Go module, in the versions
 * that `go/go.mod` pins, and finds its CRDs.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder } from '../../test/harness/control-plane/cache-folder.ts';
import { type Environment, runGo } from '../../test/harness/control-plane/run-go.ts';
import { findGoModule, findGoProgram } from '../go-program.ts';
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

type Say = (line: string) => void;

const MODULE = 'github.com/stacklok/toolhive';
const MODULE_FOLDER = join(import.meta.dirname, 'go');
const OPERATOR = 'thv-operator';

type ToolhiveProgram = typeof OPERATOR | 'thv-proxyrunner' | 'vmcp';

/** Returns the operator and the folder with its CRDs. */
export async function findOperator(env: Environment, say: Say, version = OPERATOR_VERSION) {
	const module = await findGoModule(`${MODULE}@${version}`, MODULE_FOLDER, env);
	const crdFolder = join(module, 'deploy/charts/operator-crds/files/crds');
	return { program: await findProgram(env, say, version, OPERATOR), crdFolder };
}

/** Returns the path of a program, and builds it if the cache does not have it. */
export function findProgram(env: Environment, say: Say, version: string, name: ToolhiveProgram): Promise<string> {
	const module =
		version === OPERATOR_VERSION ? MODULE_FOLDER : (folder: string) => createModule(folder, env, version, name);
	return findGoProgram({ name, project: 'operator', version, module, source: `${MODULE}/cmd/${name}` }, env, say);
}

const replacedFile = (env: Environment, version: string): string =>
	join(cacheFolder(env, 'operator', version), 'replaced-modules');

/** Returns the modules that were built in another version, because the module proxy did not serve the required one. */
export async function replacedModules(env: Environment, version: string): Promise<readonly string[]> {
	const text = await readFile(replacedFile(env, version), 'utf8').catch(() => '');
	return text.split('\n').filter(Boolean);
}

/**
 * Creates a Go module for a version that is not pinned. Go selects the versions that ToolHive's own go.mod requires.
 */
async function createModule(folder: string, env: Environment, version: string, name: string): Promise<void> {
	const go = (...args: string[]): Promise<string> => runGo(args, folder, env);
	await go('mod', 'init', 'example.invalid/toolhive-programs');
	await go('get', `${MODULE}@${version}`);
	const get = (): Promise<string> => go('get', `${MODULE}/cmd/${name}@${version}`);
	try {
		await get();
	} catch (error) {
		// The other programs call these modules, so with other versions they would differ from the release.
		if (name !== OPERATOR) throw error;
		const replaced = await replaceModules(folder, go);
		await get();
		await writeFile(replacedFile(env, version), replaced.join('\n'));
	}
}
