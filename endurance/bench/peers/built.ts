/** Builds the peers into the user's cache, once per machine and version. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { cacheFolder } from '../../../test/harness/control-plane/cache-folder.ts';
import { withLock } from '../../../test/harness/control-plane/lock.ts';
import { printProgress } from '../../installed/prepare-cluster.ts';
import { ProgramMissing } from '../h2load.ts';

/**
 * Returns the folder that `build` filled, in this run or an earlier one. A changed file in `sources` leads to a new
 * folder.
 */
export async function built(
	what: string,
	sources: string,
	build: (folder: string, finalFolder: string) => Promise<void>,
): Promise<string> {
	const hash = createHash('sha256');
	const files = readdirSync(sources, { withFileTypes: true }).filter((entry) => entry.isFile());
	for (const { name } of files.toSorted((a, b) => (a.name < b.name ? -1 : 1)))
		hash.update(`${name}\n`).update(readFileSync(join(sources, name)));
	const folder = cacheFolder(process.env, `bench-${what}`, hash.digest('hex').slice(0, 12));
	await mkdir(dirname(folder), { recursive: true });
	return withLock(`${folder}.lock`, printProgress, async () => {
		if (existsSync(folder)) return folder;
		const temporary = `${folder}.building`;
		await rm(temporary, { recursive: true, force: true });
		await mkdir(temporary);
		printProgress(`bench: building ${what} into ${folder} (minutes, once per machine)`);
		try {
			await build(temporary, folder);
		} catch (error) {
			throw new ProgramMissing(`${what} could not be built: ${(error as Error).message}`, { cause: error });
		}
		await rename(temporary, folder);
		return folder;
	});
}
