/** Builds programs of other projects from Go modules that pin their versions, into a cache outside the checkout. */
import { existsSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { cacheFolder } from '../test/harness/control-plane/cache-folder.ts';
import { withLock } from '../test/harness/control-plane/lock.ts';
import { BUILD_FLAGS, type Environment, runGo } from '../test/harness/control-plane/run-go.ts';

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
}

/** Returns the path of the program, and builds it if it is not in the cache. Several processes may call this at once. */
export async function findGoProgram(wanted: GoProgram, env: Environment, say: (line: string) => void): Promise<string> {
	const { name, project, version, moduleFolder, source, flags = [] } = wanted;
	const program = join(cacheFolder(env, project, version), name);
	if (existsSync(program)) return program;
	await mkdir(dirname(program), { recursive: true });
	return withLock(`${dirname(program)}.lock`, say, async () => {
		if (existsSync(program)) return program;
		await orMissing(`${name} ${version}`, async () => {
			// This check comes first, so that a machine without Go prints nothing about a build.
			await runGo(['version'], moduleFolder, env);
			say(`${project}: building ${name} ${version} into ${dirname(program)} (about 4 minutes, once per machine)`);
			const output = ['-ldflags', '-s -w', '-o', `${program}.building`, source];
			await runGo(['build', ...flags, ...BUILD_FLAGS, ...output], moduleFolder, env);
			await rename(`${program}.building`, program);
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

export async function orMissing<T>(what: string, work: () => Promise<T>): Promise<T> {
	try {
		return await work();
	} catch (error) {
		const reason = (error instanceof Error ? error.message : String(error)).replaceAll(/\s*\n\s*/g, ' ');
		throw new GoModuleMissing(`no ${what}: ${reason}`, { cause: error });
	}
}
