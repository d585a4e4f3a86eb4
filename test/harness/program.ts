/** Runs `thv-scaling` as a process. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { request } from 'undici';
import type { Json } from '../../src/api/types.ts';
import { MAIN } from './main-file.ts';

/** `timeoutSeconds` of the probes in manifests/base. */
const PROBE_MS = 3_000;
/** The time limit for a log line. In measurements, a program needs minutes to become ready. */
const LOGGED_MS = 180_000;

export interface Ended {
	readonly code: number | null;
	readonly stdout: string;
	readonly stderr: string;
}

export type Program = ReturnType<typeof startProgram>;

interface StartOptions {
	readonly stdin?: string | Uint8Array;
	/** A file in this folder that Node loads before the program. */
	readonly preload?: 'sabotage.ts' | 'other-clock.ts';
	/** Flags for Node, and the file that Node runs. */
	readonly program?: readonly string[];
	/** A command that replaces itself with the program, for example after it has changed the user. */
	readonly launcher?: readonly string[];
}

/** Starts the program without other environment variables of this machine. */
export function startProgram(
	args: readonly string[],
	env: Readonly<Record<string, string | undefined>> = {},
	{ stdin, preload, program = [MAIN], launcher = [] }: StartOptions = {},
) {
	const imported = preload === undefined ? [] : ['--import', join(import.meta.dirname, preload)];
	const [command = '', ...before] = [...launcher, process.execPath];
	const child = spawn(command, [...before, ...imported, ...program, ...args], {
		env: { PATH: process.env['PATH'] ?? '', HOME: join(tmpdir(), 'no-home'), ...env },
		stdio: ['pipe', 'pipe', 'pipe'],
	});
	// A program may exit before it has read all of stdin.
	child.stdin.on('error', () => undefined).end(stdin);
	let stdout = '';
	let stderr = '';
	child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
		stdout += chunk;
	});
	child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
		stderr += chunk;
	});
	let isOver = false;
	const ended: Promise<Ended> = once(child, 'close').then(([code]) => {
		isOver = true;
		return { code, stdout, stderr };
	});
	/** Returns the log so far, or only the lines with this message. */
	const log = (message?: string): Json[] =>
		stdout
			.split('\n')
			// The last line may be incomplete. Every other line must be JSON.
			.slice(0, -1)
			.map((line): Json => JSON.parse(line))
			.filter(({ msg }) => message === undefined || msg === message);
	return {
		process: child,
		log,
		ended,
		/** Returns the first log line with this message. Rejects if the process exits before it logs one. */
		logged: async (message: string): Promise<Json> => {
			const deadlineMs = performance.now() + LOGGED_MS;
			while (true) {
				const [found] = log(message);
				if (found !== undefined) return found;
				if (isOver || performance.now() > deadlineMs)
					throw new Error(`"${message}" was not logged: ${stdout.slice(-2000)}${stderr}`);
				await sleep(20);
			}
		},
		/** Sends SIGKILL if the process still runs. */
		kill: async (): Promise<void> => {
			child.kill('SIGKILL');
			await ended;
		},
	};
}

/** Returns the log lines in the output of a pod, which may contain other lines. */
export const linesOf = (output: string): Json[] =>
	output.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as Json] : []));

/**
 * Sends a plain GET on a new connection on this machine, with the timeout of a kubelet probe. Returns status 0 if no
 * response arrives in time.
 */
export async function get(
	port: unknown,
	path: string,
	timeoutMs = PROBE_MS,
): Promise<{ status: number; body: string }> {
	try {
		const how = { reset: true, signal: AbortSignal.timeout(timeoutMs) };
		const { statusCode, body } = await request(`http://127.0.0.1:${port}${path}`, how);
		return { status: statusCode, body: await body.text() };
	} catch {
		return { status: 0, body: '' };
	}
}
