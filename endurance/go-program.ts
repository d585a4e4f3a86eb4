/** Builds programs of other projects from Go modules that pin their versions, into a cache outside the checkout. */
import { existsSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder } from '../test/harness/control-plane/cache-folder.ts';
import { withLock } from '../test/harness/control-plane/lock.ts';
import { BUILD_FLAGS, type Environment, runGo } from '../test/harness/control-plane/run-go.ts';
import { inTemporaryFolder } from '../test/harness/control-plane/temporary-folder.ts';

/** Reports that Go cannot build or download something on this machine. The message is one line with the reason. */
export class GoModuleMissing extends Error {}

export interface GoProgram {
	readonly name: string;
	/** The name of the folder in the cache. */
	readonly project: string;
	/** The version that the go.mod in `moduleFolder` requires. */
	readonly version: string;
	readonly moduleFolder: string;
	/** The Go package of the program. */
	readonly source: string;
	readonly flags?: readonly string[];
	/** Creates another module in a temporary folder, for a version that no go.mod pins. */
	readonly createModule?: (temporary: string) => Promise<string>;
}

/** Returns the path of the program. Builds it if it is not in the cache. Several processes may call this at once. */
export async function findGoProgram(wanted: GoProgram, env: Environment, say: (line: string) => void): Promise<string> {
	const { name, project, version, moduleFolder, source, flags = [], createModule } = wanted;
	const folder = cacheFolder(env, project, version);
	const program = join(folder, name);
	if (existsSync(program)) return program;
	await mkdir(folder, { recursive: true });
	return withLock(`${folder}.lock`, say, async () => {
		if (existsSync(program)) return program;
		await orMissing(`${name} ${version}`, async () => {
			// This check comes first, so that a machine without Go prints nothing about a build.
			await runGo(['version'], moduleFolder, env);
			say(`${project}: building ${name} ${version} into ${folder} (about 4 minutes, once per machine)`);
			await inTemporaryFolder(folder, async (temporary) => {
				const from = (await createModule?.(temporary)) ?? moduleFolder;
				const output = ['-ldflags', '-s -w', '-o', join(temporary, name), source];
				await runGo(['build', ...flags, ...BUILD_FLAGS, ...output], from, env);
				await rename(join(temporary, name), program);
			});
		});
		return program;
	});
}

/** Returns the folder of a Go module, such as `example.com/module@v1.0.0`. Only the first call downloads it. */
export const findGoModule = (module: string, moduleFolder: string, env: Environment): Promise<string> =>
	orMissing(module, async () => {
		const listed = await runGo(['mod', 'download', '-json', module], moduleFolder, env);
		return (JSON.parse(listed) as { Dir: string }).Dir;
	});

async function orMissing<T>(what: string, work: () => Promise<T>): Promise<T> {
	try {
		return await work();
	} catch (error) {
		const reason = (error instanceof Error ? error.message : String(error)).replaceAll(/\s*\n\s*/g, ' ');
		throw new GoModuleMissing(`no ${what}: ${reason}`, { cause: error });
	}
}
