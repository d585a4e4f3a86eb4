/** Temporary folders for builds whose results move into a cache. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

const PREFIX = '.building-';

/**
 * Calls `work` with a new folder in `folder`, and removes it afterwards. First removes the folders that interrupted
 * builds left. The caller holds the lock of `folder`.
 */
export async function inTemporaryFolder(folder: string, work: (temporary: string) => Promise<void>): Promise<void> {
	for (const name of await readdir(folder)) {
		if (name.startsWith(PREFIX)) await rm(join(folder, name), { recursive: true, force: true });
	}
	const temporary = await mkdtemp(join(folder, PREFIX));
	try {
		await work(temporary);
	} finally {
		await rm(temporary, { recursive: true, force: true });
	}
}
