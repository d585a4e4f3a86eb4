/**
 * A lock between processes. The lock is a symbolic link whose target is the PID of its holder, because creating a link
 * is atomic.
 */
import { readlink, rm, symlink } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 500;

/** Runs `work` while this process holds the lock at `path`. Takes over the lock of a process that has ended. */
export async function withLock<T>(path: string, say: (line: string) => void, work: () => Promise<T>): Promise<T> {
	let isAnnounced = false;
	while (!(await tryLock(path))) {
		// The holder may release the lock at this moment.
		const holder = Number(await readlink(path).catch(() => process.pid));
		if (!isAlive(holder)) {
			await rm(path, { force: true });
			continue;
		}
		if (!isAnnounced) say(`process ${holder} holds ${path}; waiting for it`);
		isAnnounced = true;
		await sleep(POLL_MS);
	}
	try {
		return await work();
	} finally {
		await rm(path, { force: true });
	}
}

const tryLock = (path: string): Promise<boolean> =>
	symlink(String(process.pid), path).then(
		() => true,
		(error: NodeJS.ErrnoException) => {
			if (error.code === 'EEXIST') return false;
			throw error;
		},
	);

function isAlive(pid: number): boolean {
	try {
		return process.kill(pid, 0);
	} catch (error) {
		return (error as NodeJS.ErrnoException).code === 'EPERM';
	}
}
