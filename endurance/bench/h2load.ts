/** Runs the load generator h2load over HTTP/1.1. h2load does not run in Node, so it shares no cost with the servers. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { percentile } from './statistics.ts';

export interface Job {
	readonly url: string;
	readonly body: string;
	readonly headers?: Readonly<Record<string, string>>;
	readonly connections: number;
	/** A duration, or a number of requests over all connections. */
	readonly length: { readonly seconds: number } | { readonly requests: number };
	/**
	 * The rate over all connections. By default, each connection sends its next request when the previous one is
	 * answered.
	 */
	readonly perSecond?: number;
	/** Runs h2load on the core that no server uses. */
	readonly isPinned?: boolean;
	/** Counts failed requests. By default, a failed request rejects the promise. */
	readonly mayFail?: boolean;
}

export type Load = ReturnType<typeof loadFrom>;

/** Reports that a program is not installed. The message names the program and how to install it. */
export class ProgramMissing extends Error {}

export function h2loadVersion(): string {
	const { stdout, error } = spawnSync('h2load', ['--version'], { encoding: 'utf8' });
	if (error === undefined) return stdout.trim().replace(/^.*\//, '');
	const install = 'Debian and Ubuntu: apt-get install nghttp2-client, macOS: brew install nghttp2';
	throw new ProgramMissing(`h2load is not installed; ${install}`);
}

export const SERVER_CORE = 0;
export const LOAD_CORE = 1;
const canPin = spawnSync('taskset', ['-c', String(LOAD_CORE), 'true']).status === 0;

/** Returns `command` pinned to one core, if the machine has `taskset` and two cores. */
export const pinned = (core: number, command: readonly string[]): readonly string[] =>
	canPin ? ['taskset', '-c', String(core), ...command] : command;

/** Moves a running process and all its threads to one core. */
export function pin(pid: number | undefined, core: number): void {
	if (canPin) spawnSync('taskset', ['--all-tasks', '-cp', String(core), String(pid)]);
}

/** The time that h2load may take in addition to the requested duration. */
const GRACE_MS = 60_000;

/** Rejects on a response that is neither 2xx nor a failure that `Load` counts. */
export async function runH2load(job: Job): Promise<Load> {
	const folder = mkdtempSync(join(tmpdir(), 'h2load-'));
	const [body, log] = [join(folder, 'body'), join(folder, 'log.tsv')];
	const { length, perSecond = 1 } = job;
	try {
		writeFileSync(body, job.body);
		const command = ['h2load', `--data=${body}`, `--log-file=${log}`, ...argumentsFor(job)];
		const [program = '', ...args] = job.isPinned ? pinned(LOAD_CORE, command) : command;
		const seconds = 'seconds' in length ? length.seconds : length.requests / perSecond;
		const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: GRACE_MS + 1_000 * seconds });
		const [output, errors, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
		if (code !== 0) throw new Error(`h2load ended with ${code}: ${output}${errors}`);
		const load = loadFrom(readFileSync(log, 'utf8'), job.url);
		if (job.mayFail || (load.failed === 0 && load.requests > 0)) return load;
		throw new Error(`h2load: ${load.failed} of ${load.requests} requests to ${job.url} failed:\n${output}`);
	} finally {
		rmSync(folder, { recursive: true });
	}
}

function argumentsFor({ url, headers = {}, connections, length, perSecond }: Job): string[] {
	const sent = { 'content-type': 'application/json', ...headers };
	return [
		...['--h1', '--threads=1', `--clients=${connections}`],
		// Without this flag, h2load 1.52 waits forever for connections that are not open at the end.
		'--connection-inactivity-timeout=10',
		'seconds' in length ? `--duration=${length.seconds * 1000}ms` : `--requests=${length.requests}`,
		...(perSecond === undefined ? [] : [`--rps=${perSecond / connections}`]),
		...Object.entries(sent).flatMap(([name, value]) => ['--header', `${name}: ${value}`]),
		url,
	];
}

/**
 * Parses one line per request: start in microseconds since 1970, status or -1, and duration in microseconds. Requests
 * with status 429 or 5xx, or without a response, have failed. `seconds` has no handshakes.
 */
function loadFrom(log: string, url: string) {
	const rows = log.split('\n').flatMap((line) => (line === '' ? [] : [line.split('\t').map(Number)]));
	let [failed, firstUs, lastUs] = [0, rows.length === 0 ? 0 : Number.POSITIVE_INFINITY, 0];
	const latenciesMs = rows.map(([startUs = 0, status = 0, tookUs = 0]) => {
		firstUs = Math.min(firstUs, startUs);
		lastUs = Math.max(lastUs, startUs + tookUs);
		if (status < 0 || status === 429 || status >= 500) failed += 1;
		else if (status < 200 || status > 299) throw new Error(`${url} answered ${status}`);
		return tookUs / 1000;
	});
	const [requests, seconds] = [rows.length, (lastUs - firstUs) / 1e6];
	const [p50Ms, p99Ms] = [percentile(latenciesMs, 0.5), percentile(latenciesMs, 0.99)];
	return { requests, failed, seconds, perSecond: (requests - failed) / seconds, latenciesMs, p50Ms, p99Ms };
}
