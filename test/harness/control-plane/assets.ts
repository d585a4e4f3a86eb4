/**
 * Where the programs of a control plane come from. Asked in this order: the folder in KUBEBUILDER_ASSETS, a cache outside
 * the checkout, the released envtest archive, and at last a build from the Go module in `go/`.
 */
import { accessSync, constants } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { buildPrograms, KUBERNETES_VERSION } from './build.ts';
import { cacheFolder } from './cache-folder.ts';
import { type Archive, downloadPrograms, ENVTEST_ARCHIVE } from './download.ts';
import { withLock } from './lock.ts';

/** What every control plane needs; the envtest archive holds exactly these. */
export const CORE_PROGRAMS = ['etcd', 'kube-apiserver', 'kubectl'] as const;
export const CONTROLLER_MANAGER = 'kube-controller-manager';
export type ProgramName = (typeof CORE_PROGRAMS)[number] | typeof CONTROLLER_MANAGER;

export type AssetSource = 'KUBEBUILDER_ASSETS' | 'cache' | 'downloaded' | 'built';

export interface Assets {
	/** Holds etcd, kube-apiserver and kubectl. */
	readonly folder: string;
	readonly source: AssetSource;
	/** Path of kube-controller-manager; absent where it was not asked for. */
	readonly controllerManager?: string;
}

export interface AssetOptions {
	readonly env: Readonly<Record<string, string | undefined>>;
	/** Also find or build kube-controller-manager, which no archive has. */
	readonly controllerManager: boolean;
	/** Gets one line of progress at a time. */
	readonly say: (line: string) => void;
	readonly archive?: Archive;
}

/** The programs cannot be had on this machine. The message is one line and says what to do. */
export class AssetsMissing extends Error {}

const HOW_TO_GET = `set KUBEBUILDER_ASSETS to a folder that holds them, install Go 1.26 or newer, or allow the download from github.com`;

/** By version; a downloaded and a built control plane never share one. */
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
 * Finds the programs, or makes them (minutes, once per machine). Throws AssetsMissing where nothing works.
 * Several processes may ask at once: one makes them, the others wait for it.
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

/** Beside the others, else in the cache of built programs, where it is made on demand. */
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
