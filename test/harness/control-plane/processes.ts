/** Runs programs that end when this process ends, even if this process is killed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export type RunningProgram = ReturnType<typeof startProgram>;

/**
 * Starts a program in its own process group. Ctrl-C then reaches only this process, and the caller decides what to
 * stop. Appends stdout and stderr to `logFile`. The program does not keep the event loop of this process alive.
 */
export function startProgram(name: string, path: string, args: readonly string[], logFile: string) {
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
	/** Sends SIGTERM, and SIGKILL after `graceMs`. If `graceMs` is 0, sends only SIGKILL. */
	const stop = async (graceMs: number): Promise<void> => {
		if (hasEnded()) return;
		const ended = once(child, 'exit');
		child.ref();
		child.kill(graceMs === 0 ? 'SIGKILL' : 'SIGTERM');
		const tooLate = setTimeout(() => child.kill('SIGKILL'), graceMs);
		await ended;
		clearTimeout(tooLate);
	};
	return { name, pid, logFile, hasEnded, stop };
}

/**
 * Starts a shell that kills `pid` when this process ends. If this process is killed, its 'exit' handlers do not run,
 * but the stdin of the shell closes. Ctrl-C does not reach the shell, because the shell has its own process group.
 */
export function startGuard(pid: number): ChildProcess {
	const script = 'read -r nothing; kill -9 "$1"';
	const guard = spawn('/bin/sh', ['-c', script, 'sh', String(pid)], {
		detached: true,
		stdio: ['pipe', 'ignore', 'ignore'],
	});
	guard.unref();
	(guard.stdin as Socket).on('error', () => undefined).unref();
	return guard;
}

const POLL_MS = 50;

/**
 * Resolves when `isReady` returns true. Throws if the program ends or `timeoutMs` elapses first. The error message
 * contains the path and the last line of the log.
 */
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

/**
 * Returns `count` different free ports of 127.0.0.1. Another process may take one of these ports before the caller uses
 * it.
 */
export async function freePorts(count: number): Promise<number[]> {
	const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
	await Promise.all(servers.map((server) => once(server, 'listening')));
	const ports = servers.map((server) => (server.address() as AddressInfo).port);
	await Promise.all(servers.map((server) => once(server.close(), 'close')));
	return ports;
}
