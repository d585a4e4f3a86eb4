/**
 * A lock between processes. The lock is a folder, because creating a folder is atomic on every file system, including
 * network drives.
 */
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 500;
/**
 * The process that creates the folder immediately writes its PID into the folder. A folder without a PID after this
 * time belongs to a process that crashed.
 */
const NAMELESS_TOLERATED_MS = 5_000;

/** Runs `work` while this process holds the lock `folder`. Takes over the lock of a process that has ended. */
export async function withLock<T>(folder: string, say: (line: string) => void, work: () => Promise<T>): Promise<T> {
	let announced = false;
	let namelessSinceMs: number | undefined;
	while (!(await tryLock(folder))) {
		const holder = await holderOf(folder);
		namelessSinceMs = holder === undefined ? (namelessSinceMs ?? Date.now()) : undefined;
		const nameless = namelessSinceMs !== undefined && Date.now() - namelessSinceMs > NAMELESS_TOLERATED_MS;
		if (nameless || (holder !== undefined && !isAlive(holder))) {
			await breakLock(folder);
			continue;
		}
		if (!announced && holder !== undefined)
			say(`control plane: process ${holder} is getting the programs; waiting for it`);
		announced ||= holder !== undefined;
		await sleep(POLL_MS);
	}
	try {
		return await work();
	} finally {
		await rm(folder, { recursive: true, force: true });
	}
}

async function tryLock(folder: string): Promise<boolean> {
	try {
		await mkdir(folder);
	} catch (error) {
		if (isCode(error, 'EEXIST')) return false;
		throw new Error(`making the lock ${folder}`, { cause: error });
	}
	await writeFile(join(folder, 'pid'), String(process.pid));
	return true;
}

async function holderOf(folder: string): Promise<number | undefined> {
	try {
		const pid = Number(await readFile(join(folder, 'pid'), 'utf8'));
		return Number.isInteger(pid) && pid > 0 ? pid : undefined;
	} catch {
		return undefined;
	}
}

function isAlive(pid: number): boolean {
	try {
		process.kill(pid, 0);
		return true;
	} catch (error) {
		return isCode(error, 'EPERM');
	}
}

/** Renames the folder first: if several processes try to remove the same lock, only one rename succeeds. */
async function breakLock(folder: string): Promise<void> {
	const aside = `${folder}.dead-${process.pid}`;
	try {
		await rename(folder, aside);
	} catch {
		return;
	}
	await rm(aside, { recursive: true, force: true });
}

const isCode = (error: unknown, code: string): boolean =>
	error instanceof Error && 'code' in error && error.code === code;
