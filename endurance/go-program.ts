/** Builds programs of other projects from Go modules that pin their versions, into a cache outside the checkout. */
import { join } from 'node:path';
import { cacheFolder } from '../test/harness/control-plane/cache-folder.ts';
import { buildOnce, type Environment, type GoProgram, runGo } from '../test/harness/control-plane/run-go.ts';

/** Reports that Go cannot build or download something on this machine. The message is one line with the reason. */
export class GoModuleMissing extends Error {}

interface Wanted extends GoProgram {
	readonly name: string;
	/** The name of the folder in the cache. */
	readonly project: string;
	/** The version that the go.mod requires. */
	readonly version: string;
}

/** Returns the path of the program. Builds it if it is not in the cache. Several processes may call this at once. */
export function findGoProgram(wanted: Wanted, env: Environment, say: (line: string) => void): Promise<string> {
	const { name, project, version, flags = [], ...program } = wanted;
	const path = join(cacheFolder(env, project, version), name);
	const all = ['-ldflags', '-s -w', ...flags];
	return orMissing(`${name} ${version}`, () => buildOnce(path, { ...program, flags: all }, env, say));
}

/** Returns the folder of a Go module, such as `example.com/module@v1.0.0`. Only the first call downloads it. */
export const findGoModule = (module: string, moduleFolder: string, env: Environment): Promise<string> =>
	orMissing(module, async () => {
		const listed = await runGo(['mod', 'download', '-json', module], moduleFolder, env);
		return (JSON.parse(listed) as { Dir: string }).Dir;
	});

const orMissing = <T>(what: string, work: () => Promise<T>): Promise<T> =>
	work().catch((cause: Error) => {
		throw new GoModuleMissing(`no ${what}: ${cause.message.replaceAll(/\s*\n\s*/g, ' ')}`, { cause });
	});
