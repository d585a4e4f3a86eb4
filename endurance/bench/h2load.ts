/** The load generator: h2load (nghttp2) over HTTP/1.1 with keep-alive. It is not a Node program, so it shares no cost with what it measures. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

export interface Job {
	readonly url: string;
	readonly body: string;
	readonly headers?: Readonly<Record<string, string>>;
	readonly connections: number;
	/** Either a time, or a number of requests over all connections. */
	readonly length: { readonly seconds: number } | { readonly requests: number };
	/** Over all connections. Without it each connection sends the next request when the one before is answered. */
	readonly perSecond?: number;
	/** On the core that has no server. */
	readonly isPinned?: boolean;
	/** Failed requests are counted. Without it they reject. */
	readonly mayFail?: boolean;
	/** A connection without activity for so long is closed; without it as long as the longest timeout of a webhook. */
	readonly idleSeconds?: number;
}

export interface Load {
	readonly requests: number;
	/** Answered with 429 or 5xx, or not at all. */
	readonly failed: number;
	/** From the first request to the last answer: handshakes come before. */
	readonly seconds: number;
	/** Of every request, also of those that failed. */
	readonly latenciesMs: readonly number[];
}

/** A program that a measurement needs is not on this machine. The message names it, and how to install it. */
export class ProgramMissing extends Error {}

/** Of the program on this machine. Throws ProgramMissing without one. */
export function h2loadVersion(): string {
	const { stdout, error } = spawnSync('h2load', ['--version'], { encoding: 'utf8' });
	if (error !== undefined) {
		throw new ProgramMissing(
			'h2load is not installed; Debian and Ubuntu: apt-get install nghttp2-client, macOS: brew install nghttp2',
		);
	}
	return stdout.trim().replace(/^.*\//, '');
}

export const SERVER_CORE = 0;
export const LOAD_CORE = 1;
const canPin = spawnSync('taskset', ['-c', String(LOAD_CORE), 'true']).status === 0;

/** `command` on one core, where the platform has `taskset` and two cores. */
export const pinned = (core: number, command: readonly string[]): readonly string[] =>
	canPin ? ['taskset', '-c', String(core), ...command] : command;

/** Moves a running process with all its threads to one core. */
export function pin(pid: number | undefined, core: number): void {
	if (canPin) spawnSync('taskset', ['--all-tasks', '-cp', String(core), String(pid)]);
}

/** Beyond the time that it was asked for. */
const GRACE_MS = 60_000;

/** Rejects when an answer is neither 2xx nor a failure that `Load` counts. */
export async function runH2load(job: Job): Promise<Load> {
	const folder = mkdtempSync(join(tmpdir(), 'h2load-'));
	try {
		const log = join(folder, 'log.tsv');
		writeFileSync(join(folder, 'body'), job.body);
		const command = ['h2load', ...argumentsFor(job, join(folder, 'body'), log)];
		const [program = '', ...args] = job.isPinned ? pinned(LOAD_CORE, command) : command;
		const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: timeoutMs(job) });
		const [output, errors, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
		if (code !== 0) throw new Error(`h2load ended with ${code}: ${output}${errors}`);
		const load = loadFrom(readFileSync(log, 'utf8'), job.url);
		if (!job.mayFail && (load.failed > 0 || load.requests === 0)) {
			throw new Error(`h2load: ${load.failed} of ${load.requests} requests to ${job.url} failed:\n${output}`);
		}
		return load;
	} finally {
		rmSync(folder, { recursive: true });
	}
}

const timeoutMs = ({ length, perSecond = 1 }: Job): number =>
	GRACE_MS + 1_000 * ('seconds' in length ? length.seconds : length.requests / perSecond);

function argumentsFor(
	{ url, headers = {}, connections, length, perSecond, idleSeconds = 10 }: Job,
	body: string,
	log: string,
): string[] {
	const sent = { 'content-type': 'application/json', ...headers };
	return [
		...['--h1', '--threads=1', `--clients=${connections}`, `--data=${body}`, `--log-file=${log}`],
		// Without it h2load 1.52 waits without end for connections that are not open when the time is over.
		`--connection-inactivity-timeout=${idleSeconds}`,
		'seconds' in length ? `--duration=${length.seconds * 1000}ms` : `--requests=${length.requests}`,
		...(perSecond === undefined ? [] : [`--rps=${perSecond / connections}`]),
		...Object.entries(sent).flatMap(([name, value]) => ['--header', `${name}: ${value}`]),
		url,
	];
}

/** A line for each request: start in microseconds since 1970, status or -1, microseconds until the end of the answer. */
function loadFrom(log: string, url: string): Load {
	if (log === '') return { requests: 0, failed: 0, seconds: 0, latenciesMs: [] };
	const rows = log
		.trim()
		.split('\n')
		.map((line) => line.split('\t').map(Number));
	let [failed, firstUs, lastUs] = [0, Number.POSITIVE_INFINITY, 0];
	const latenciesMs = rows.map(([startUs = 0, status = 0, tookUs = 0]) => {
		firstUs = Math.min(firstUs, startUs);
		lastUs = Math.max(lastUs, startUs + tookUs);
		if (status < 0 || status === 429 || status >= 500) failed += 1;
		else if (status < 200 || status > 299) throw new Error(`${url} answered ${status}`);
		return tookUs / 1000;
	});
	return { requests: rows.length, failed, seconds: (lastUs - firstUs) / 1e6, latenciesMs };
}
