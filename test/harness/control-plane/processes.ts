/** Programs that never outlive us, however we end. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface RunningProgram {
	readonly name: string;
	readonly pid: number;
	readonly logFile: string;
	readonly hasEnded: () => boolean;
	/** Sends SIGTERM, and SIGKILL after `graceMs`, or only that where it is 0; resolves when the process is gone. */
	readonly stop: (graceMs: number) => Promise<void>;
}

/**
 * Starts a program in its own process group, so that Ctrl-C reaches only us and the caller decides what follows. Both outputs
 * are appended to `logFile`. Nothing here keeps our event loop alive.
 */
export function startProgram(name: string, path: string, args: readonly string[], logFile: string): RunningProgram {
	const log = openSync(logFile, 'a');
	const child = spawn(path, args, { detached: true, stdio: ['ignore', log, log] });
	closeSync(log);
	const { pid } = child;
	if (pid === undefined) {
		child.on('error', () => {});
		throw new Error(`${name} could not be started from ${path}`);
	}
	child.unref();
	const guard = startGuard(pid);
	const killNow = () => child.kill('SIGKILL');
	process.on('exit', killNow);
	child.once('exit', () => {
		process.off('exit', killNow);
		guard.kill('SIGKILL');
	});
	const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
	return { name, pid, logFile, hasEnded, stop: (graceMs) => stop(child, hasEnded, graceMs) };
}

/**
 * Our 'exit' handler does not run when we are killed. This shell then sees its stdin end and kills in our place; it needs no
 * signal from us for that, and Ctrl-C does not reach it.
 */
export function startGuard(pid: number): ChildProcess {
	const script = 'read -r nothing; kill -9 "$1"';
	const guard = spawn('/bin/sh', ['-c', script, 'sh', String(pid)], {
		detached: true,
		stdio: ['pipe', 'ignore', 'ignore'],
	});
	guard.unref();
	guard.stdin?.on('error', () => {});
	if (guard.stdin !== null && 'unref' in guard.stdin && typeof guard.stdin.unref === 'function') guard.stdin.unref();
	return guard;
}

async function stop(child: ChildProcess, hasEnded: () => boolean, graceMs: number): Promise<void> {
	if (hasEnded()) return;
	const ended = once(child, 'exit');
	child.ref();
	child.kill(graceMs === 0 ? 'SIGKILL' : 'SIGTERM');
	const tooLate = setTimeout(() => child.kill('SIGKILL'), graceMs);
	await ended;
	clearTimeout(tooLate);
}

const POLL_MS = 50;

/** Resolves when `isReady` says so; throws with the log's path and last line when the program ends or `timeoutMs` pass first. */
export async function waitUntilReady(
	program: RunningProgram,
	isReady: () => Promise<boolean>,
	timeoutMs: number,
): Promise<void> {
	const deadlineMs = Date.now() + timeoutMs;
	while (!(await isReady())) {
		const what = program.hasEnded() ? 'ended before it was ready' : `was not ready within ${timeoutMs / 1000} s`;
		if (program.hasEnded() || Date.now() > deadlineMs) {
			const lastLine = readFileSync(program.logFile, 'utf8').trim().split('\n').at(-1) ?? '';
			throw new Error(`${program.name} ${what}; its log is ${program.logFile}, last line: ${lastLine}`);
		}
		await sleep(POLL_MS);
	}
}

/** `count` different ports of 127.0.0.1 that were free a moment ago. */
export async function freePorts(count: number): Promise<number[]> {
	const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
	await Promise.all(servers.map((server) => once(server, 'listening')));
	const ports = servers.map((server) => {
		const address = server.address();
		if (address === null || typeof address === 'string') throw new Error('a listening socket without a port');
		return address.port;
	});
	await Promise.all(servers.map((server) => once(server.close(), 'close')));
	return ports;
}
