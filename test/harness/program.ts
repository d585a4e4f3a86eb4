/** `thv-scaling` as a process. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Json } from '../../src/api/types.ts';
import { MAIN } from './main-file.ts';

/** `timeoutSeconds` of the probes in manifests/base. */
const PROBE_MS = 3_000;

export interface Ended {
	readonly code: number | null;
	readonly stdout: string;
	readonly stderr: string;
}

export interface Program {
	readonly process: ChildProcess;
	/** Its log lines so far. */
	readonly lines: () => Json[];
	/** The first log line with that message. Rejects when the process ends without it. */
	readonly said: (message: string) => Promise<Json>;
	readonly ended: Promise<Ended>;
	/** Ends it without asking, if it still runs. */
	readonly kill: () => Promise<void>;
}

export interface StartOptions {
	readonly cwd?: string;
	readonly stdin?: string | Uint8Array;
	/** A file of this folder that is loaded before the program. */
	readonly preload?: 'sabotage.ts' | 'other-clock.ts';
	/** Of Node's own. */
	readonly nodeFlags?: readonly string[];
	/** A command that executes the program in its own place, such as one that changes the user. */
	readonly launcher?: readonly string[];
}

/** Only these variables, so that nothing of the machine gets in. */
export function startProgram(
	args: readonly string[],
	env: Readonly<Record<string, string>> = {},
	{ cwd, stdin, preload, nodeFlags = [], launcher = [] }: StartOptions = {},
): Program {
	const imported = preload === undefined ? [] : ['--import', join(import.meta.dirname, preload)];
	const [command = process.execPath, ...before] = [...launcher, process.execPath];
	const child = spawn(command, [...before, ...nodeFlags, ...imported, MAIN, ...args], {
		env: { PATH: process.env['PATH'] ?? '', HOME: join(tmpdir(), 'nobody'), ...env },
		stdio: ['pipe', 'pipe', 'pipe'],
		...(cwd !== undefined && { cwd }),
	});
	// A program that ends before it has read everything is no failure of the test's.
	child.stdin.on('error', () => undefined).end(stdin);
	let stdout = '';
	let stderr = '';
	child.stdout.setEncoding('utf8').on('data', (text: string) => {
		stdout += text;
	});
	child.stderr.setEncoding('utf8').on('data', (text: string) => {
		stderr += text;
	});
	const ended = once(child, 'close').then(([code]) => ({ code, stdout, stderr }));
	const lines = (): Json[] => stdout.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]));
	return {
		process: child,
		lines,
		ended,
		said: async (message) => {
			while (true) {
				const isOver = child.exitCode !== null;
				const found = lines().find((line) => line['msg'] === message);
				if (found !== undefined) return found;
				if (isOver) throw new Error(`it ended and never said ${message}: ${stdout}${stderr}`);
				await sleep(20);
			}
		},
		kill: async () => {
			child.kill('SIGKILL');
			await ended;
		},
	};
}

/** Status and body of a plain GET on this machine; status 0 where nobody answers, or not as soon as a probe of the kubelet asks for. */
export function get(port: unknown, path: string, timeoutMs = PROBE_MS): Promise<{ status: number; body: string }> {
	return new Promise((resolve) => {
		const how = { host: '127.0.0.1', port: Number(port), path, agent: false, signal: AbortSignal.timeout(timeoutMs) };
		const asked = request(how, (response) => {
			let body = '';
			response.setEncoding('utf8').on('data', (text: string) => {
				body += text;
			});
			response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
		});
		asked.on('error', () => resolve({ status: 0, body: '' }));
		asked.end();
	});
}
