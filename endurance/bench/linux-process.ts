/** What Linux knows of a running process from outside, so that nothing has to be built into what is measured. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

export const isLinux = (): boolean => existsSync('/proc/self/stat');

export interface ResidentMib {
	readonly total: number;
	/** The most it ever was since the start, or since `forgetPeak`. */
	readonly peak: number;
	/** Heap, stacks, buffers: what a kernel in need of memory cannot take back. */
	readonly anonymous: number;
	/** Pages of program files, above all Node's own, shared by all processes that run it. */
	readonly ofFiles: number;
}

export function residentMib(pid: number): ResidentMib {
	const status = readFileSync(`/proc/${pid}/status`, 'utf8');
	const mib = (field: string): number => {
		const [, kib = Number.NaN] = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status) ?? [];
		return Math.round(Number(kib) / 102.4) / 10;
	};
	return { total: mib('VmRSS'), peak: mib('VmHWM'), anonymous: mib('RssAnon'), ofFiles: mib('RssFile') };
}

/** From here on `peak` counts anew. */
export const forgetPeak = (pid: number): void => writeFileSync(`/proc/${pid}/clear_refs`, '5');

const TICKS_PER_SECOND = 100;

/** CPU time that it used until now, on all cores. */
export function cpuSeconds(pid: number): number {
	const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
	// The name of the program stands in brackets and may hold blanks.
	const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
	return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** CPU time and memory of a process and all below it, because Pepr serves from a process that its own starts. */
export function usageOf(pid: number): { readonly cpuUs: number; readonly mib: number } {
	const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
	const below = children.map((child) => usageOf(Number(child)));
	return {
		cpuUs: below.reduce((sum, { cpuUs }) => sum + cpuUs, cpuSeconds(pid) * 1e6),
		mib: below.reduce((sum, { mib }) => sum + mib, residentMib(pid).total),
	};
}
