/** Files that are there completely or not at all, also for a server that watches them. */
import { randomUUID } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';

/** Replaces or makes `path`. `mode` holds from the first byte on: a key is never readable for others, not even for a moment. */
export async function writeAtomically(path: string, text: string, mode: number): Promise<void> {
	const draft = `${path}.${randomUUID()}.tmp`;
	try {
		const file = await open(draft, 'wx', mode);
		try {
			await file.writeFile(text);
			// The umask may have taken bits away; what the caller asked for is what the file gets.
			await file.chmod(mode);
			await file.sync();
		} finally {
			await file.close();
		}
		await rename(draft, path);
	} catch (error) {
		await rm(draft, { force: true });
		throw error;
	}
}
