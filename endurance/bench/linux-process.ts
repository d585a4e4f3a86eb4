/** Reads memory and CPU time of processes from /proc. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

export const isLinux = (): boolean => existsSync('/proc/self/stat');

interface ResidentMib {
	readonly total: number;
	/** The maximum since the start of the process, or since `forgetPeak`. */
	readonly peak: number;
	/** Heap, stacks and buffers, which the kernel cannot reclaim. */
	readonly anonymous: number;
	/** Pages of program files, mostly Node's, which all Node processes share. */
	readonly ofFiles: number;
}

export function residentMib(pid: number): ResidentMib {
	const status = readFileSync(`/proc/${pid}/status`, 'utf8');
	const mib = (field: string): number =>
		Math.round(Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) / 102.4) / 10;
	return { total: mib('VmRSS'), peak: mib('VmHWM'), anonymous: mib('RssAnon'), ofFiles: mib('RssFile') };
}

export const forgetPeak = (pid: number): void => writeFileSync(`/proc/${pid}/clear_refs`, '5');

const TICKS_PER_SECOND = 100;

/** Returns the CPU time on all cores since the start of the process. */
export function cpuSeconds(pid: number): number {
	const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
	// The second field is the program's name in parentheses, which may contain spaces.
	const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
	return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** Returns the usage of a process and its children, because Pepr serves from a child process. */
export function usageOf(pid: number): { readonly cpuUs: number; readonly mib: number } {
	const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
	const usages = children.map((child) => usageOf(Number(child)));
	return {
		cpuUs: usages.reduce((sum, { cpuUs }) => sum + cpuUs, cpuSeconds(pid) * 1e6),
		mib: usages.reduce((sum, { mib }) => sum + mib, residentMib(pid).total),
	};
}
