/** Writes files atomically, so that a server that watches a file never reads half of it. */
import { randomUUID } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';

/** Creates or replaces `path`. The file has `mode` from the start, so other users can never read a key. */
export async function writeAtomically(path: string, text: string, mode: number): Promise<void> {
	const draft = `${path}.${randomUUID()}.tmp`;
	try {
		const file = await open(draft, 'wx', mode);
		try {
			await file.writeFile(text);
			// The umask may have removed bits.
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
