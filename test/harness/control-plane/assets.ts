/**
 * Finds the programs of a control plane. This module tries, in this order: the folder in KUBEBUILDER_ASSETS, a cache
 * outside the checkout, the released envtest archive, and a build from the Go module in `go/`.
 */
import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { buildProgram, KUBERNETES_VERSION, planeFolder } from './build.ts';
import { ARCHIVE_VERSION, downloadPrograms } from './download.ts';
import type { Environment } from './run-go.ts';

/** Programs that every control plane needs. The envtest archive contains exactly these programs. */
const CORE_PROGRAMS = ['etcd', 'kube-apiserver', 'kubectl'] as const;
export const CONTROLLER_MANAGER = 'kube-controller-manager';

export interface Assets {
	/** Folder that contains etcd, kube-apiserver and kubectl. */
	readonly folder: string;
	/** Path of the kube-apiserver of another release. */
	readonly apiServer?: string;
	/** Path of kube-controller-manager, set only if the caller requested this program. */
	readonly controllerManager?: string;
}

interface AssetOptions {
	readonly env: Environment;
	/** Whether to also find or build kube-controller-manager, which the envtest archive does not contain. */
	readonly controllerManager: boolean;
	/** Called with each line of progress output. */
	readonly say: (line: string) => void;
}

/** Thrown if a program cannot be found, downloaded or built. The message is one line and states what to do. */
export class AssetsMissing extends Error {}

const HOW_TO_GET = `set KUBEBUILDER_ASSETS to a folder that holds them, install Go 1.26 or newer, or allow the download from github.com`;

const missingIn = (folder: string, programs: readonly string[] = CORE_PROGRAMS): string[] =>
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
 * AssetsMissing if every source fails. Several processes may call this function at the same time.
 */
export async function findAssets(options: AssetOptions): Promise<Assets> {
	const { env, say } = options;
	const core = await findCore(options);
	if (!options.controllerManager) return core;
	if (missingIn(core.folder, [CONTROLLER_MANAGER]).length === 0)
		return { ...core, controllerManager: join(core.folder, CONTROLLER_MANAGER) };
	const controllerManager = await buildProgram(CONTROLLER_MANAGER, env, say).catch((error: Error) => {
		throw new AssetsMissing(`no ${CONTROLLER_MANAGER} (${error.message}): install Go 1.26 or newer`);
	});
	return { ...core, controllerManager };
}

async function findCore({ env, say }: AssetOptions): Promise<Assets> {
	const named = env['KUBEBUILDER_ASSETS'];
	const reasons: string[] = named ? [] : ['KUBEBUILDER_ASSETS is not set'];
	if (named) {
		const missing = missingIn(named);
		if (missing.length === 0) return { folder: named };
		reasons.push(`KUBEBUILDER_ASSETS=${named} has no ${missing.join(', ')}`);
		say(`control plane: ${reasons[0]}; looking elsewhere`);
	}
	const built = planeFolder(env, KUBERNETES_VERSION);
	const downloaded = planeFolder(env, ARCHIVE_VERSION);
	const cached = [built, downloaded].find((folder) => missingIn(folder).length === 0);
	if (cached !== undefined) return { folder: cached };
	try {
		await downloadPrograms(downloaded, say);
		return { folder: downloaded };
	} catch (error) {
		reasons.push((error as Error).message);
		say(`control plane: ${reasons.at(-1)}; trying to build`);
	}
	try {
		for (const program of CORE_PROGRAMS) await buildProgram(program, env, say);
		return { folder: built };
	} catch (error) {
		reasons.push((error as Error).message);
	}
	const text = `no control plane: ${missingIn(built).join(', ')} missing (${reasons.join('; ')}): ${HOW_TO_GET}`;
	throw new AssetsMissing(text.replaceAll(/\s*\n\s*/g, ' '));
}
