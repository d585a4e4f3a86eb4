/**
 * Finds the programs of a control plane. This module tries, in this order: the folder in KUBEBUILDER_ASSETS, a cache
 * outside the checkout, the released envtest archive, and a build from the Go module in `go/`.
 */
import { accessSync, constants } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { buildPrograms, KUBERNETES_VERSION } from './build.ts';
import { cacheFolder } from './cache-folder.ts';
import { type Archive, downloadPrograms, ENVTEST_ARCHIVE } from './download.ts';
import { withLock } from './lock.ts';

/** Programs that every control plane needs. The envtest archive contains exactly these programs. */
export const CORE_PROGRAMS = ['etcd', 'kube-apiserver', 'kubectl'] as const;
export const CONTROLLER_MANAGER = 'kube-controller-manager';
export type ProgramName = (typeof CORE_PROGRAMS)[number] | typeof CONTROLLER_MANAGER;

export type AssetSource = 'KUBEBUILDER_ASSETS' | 'cache' | 'downloaded' | 'built';

export interface Assets {
	/** Folder that contains etcd, kube-apiserver and kubectl. */
	readonly folder: string;
	readonly source: AssetSource;
	/** Path of kube-controller-manager, set only if the caller requested this program. */
	readonly controllerManager?: string;
}

export interface AssetOptions {
	readonly env: Readonly<Record<string, string | undefined>>;
	/** Whether to also find or build kube-controller-manager, which the envtest archive does not contain. */
	readonly controllerManager: boolean;
	/** Called with each line of progress output. */
	readonly say: (line: string) => void;
	readonly archive?: Archive;
}

/** Thrown if a program cannot be found, downloaded or built. The message is one line and states what to do. */
export class AssetsMissing extends Error {}

const HOW_TO_GET = `set KUBEBUILDER_ASSETS to a folder that holds them, install Go 1.26 or newer, or allow the download from github.com`;

/**
 * Returns the cache folder of one version. Downloaded and built control planes have different versions, so they never
 * share a folder.
 */
export const planeFolder = (env: AssetOptions['env'], version: string): string =>
	cacheFolder(env, 'control-plane', version);

export const missingIn = (folder: string, programs: readonly string[]): string[] =>
	programs.filter((program) => {
		try {
			accessSync(join(folder, program), constants.X_OK);
			return false;
		} catch {
			return true;
		}
	});

/**
 * Finds the programs. If they are missing, downloads or builds them, which takes minutes, once per machine. Throws
 * AssetsMissing if every source fails. Several processes may call this function at the same time: one process downloads
 * or builds the programs, and the other processes wait.
 */
export async function findAssets(options: AssetOptions): Promise<Assets> {
	const core = await findCore(options);
	if (!options.controllerManager) return core;
	return { ...core, controllerManager: await findControllerManager(core.folder, options) };
}

async function findCore(options: AssetOptions): Promise<Assets> {
	const { env, say } = options;
	const named = env['KUBEBUILDER_ASSETS'];
	let reasons: string[] = ['KUBEBUILDER_ASSETS is not set'];
	if (named) {
		const missing = missingIn(named, CORE_PROGRAMS);
		if (missing.length === 0) return { folder: named, source: 'KUBEBUILDER_ASSETS' };
		reasons = [`KUBEBUILDER_ASSETS=${named} has no ${missing.join(', ')}`];
		say(`control plane: ${reasons[0]}; looking elsewhere`);
	}
	const archive = options.archive ?? ENVTEST_ARCHIVE;
	const built = planeFolder(env, KUBERNETES_VERSION);
	const downloaded = planeFolder(env, archive.version);
	const cached = () => [built, downloaded].find((folder) => missingIn(folder, CORE_PROGRAMS).length === 0);

	const atOnce = cached();
	if (atOnce !== undefined) return { folder: atOnce, source: 'cache' };
	await mkdir(built, { recursive: true });
	return withLock(`${built}.lock`, say, async () => {
		const meanwhile = cached();
		if (meanwhile !== undefined) return { folder: meanwhile, source: 'cache' };
		try {
			await downloadPrograms(archive, downloaded, CORE_PROGRAMS, say);
			return { folder: downloaded, source: 'downloaded' };
		} catch (error) {
			reasons.push(reasonOf(error));
			say(`control plane: ${reasonOf(error)}; trying to build`);
		}
		try {
			await buildPrograms(missingIn(built, CORE_PROGRAMS), built, env, say);
			return { folder: built, source: 'built' };
		} catch (error) {
			reasons.push(reasonOf(error));
		}
		const missing = missingIn(built, CORE_PROGRAMS).join(', ');
		throw new AssetsMissing(`no control plane: ${missing} missing (${reasons.join('; ')}): ${HOW_TO_GET}`);
	});
}

/** Finds kube-controller-manager in `folder` or in the cache of built programs. Builds it if both lack it. */
async function findControllerManager(folder: string, options: AssetOptions): Promise<string> {
	const { env, say } = options;
	const built = planeFolder(env, KUBERNETES_VERSION);
	const places = [folder, built];
	const found = () => places.find((place) => missingIn(place, [CONTROLLER_MANAGER]).length === 0);
	const atOnce = found();
	if (atOnce !== undefined) return join(atOnce, CONTROLLER_MANAGER);
	await mkdir(built, { recursive: true });
	return withLock(`${built}.lock`, say, async () => {
		if (found() === undefined) {
			try {
				await buildPrograms([CONTROLLER_MANAGER], built, env, say);
			} catch (error) {
				const reason = `not in ${folder}, not in ${built}; ${reasonOf(error)}`;
				throw new AssetsMissing(`no ${CONTROLLER_MANAGER} (${reason}): install Go 1.26 or newer, or put it there`);
			}
		}
		return join(found() ?? built, CONTROLLER_MANAGER);
	});
}

const reasonOf = (error: unknown): string =>
	(error instanceof Error ? error.message : String(error)).replaceAll(/\s*\n\s*/g, ' ');
