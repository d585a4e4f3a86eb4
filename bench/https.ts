/** Requests a second over HTTPS, against the least a Node server can do, in the same run on the same machine. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { issueAuthority, issueServing } from '../certs/issue.ts';
import type { Job, Load } from './load.ts';
import { deploymentReview, SIZE_LIST, type Size } from './payloads.ts';
import type { Usage } from './server.ts';
import { median, rounded } from './statistics.ts';

const SERVERS = ['floor', 'product'] as const;
type ServerName = (typeof SERVERS)[number];

export interface HttpsOptions {
	readonly rounds: number;
	/** Length of one measurement. */
	readonly durationMs: number;
	readonly connections: number;
}

export interface HttpsResult {
	readonly size: Size;
	readonly server: ServerName;
	/** Medians over the rounds. */
	readonly requestsPerSecond: number;
	readonly p50Ms: number;
	readonly p99Ms: number;
	readonly cpuUsPerRequest: number;
	/** Of the quietest round: what is left when nothing else ran on this machine, and so the steadiest figure. */
	readonly leastCpuUsPerRequest: number;
	/** After the last round. */
	readonly rssMib: number;
	/** Requests a second against the floor, round by round. */
	readonly ratio: Spread;
	/** The floor's least CPU time a request against this one's. */
	readonly leastCpuRatio: number;
}

interface Spread {
	readonly median: number;
	readonly min: number;
	readonly max: number;
}

interface Round extends Load {
	readonly cpuUsPerRequest: number;
	readonly rssBytes: number;
}

/** Server on one core, load on the other, where there is a way to say so. */
const canPin = spawnSync('taskset', ['-c', '1', 'true']).status === 0;

/** One row per size and server. */
export async function measureHttps(options: HttpsOptions): Promise<HttpsResult[]> {
	const folder = mkdtempSync(join(tmpdir(), 'bench-'));
	const started: ChildProcess[] = [];
	try {
		const authority = await issueAuthority();
		const { cert, key } = await issueServing(authority);
		writeFileSync(join(folder, 'tls.crt'), cert);
		writeFileSync(join(folder, 'tls.key'), key);
		const load = start('load.ts', [], 1, started);
		const servers = Object.fromEntries(
			SERVERS.map((name) => [name, start('server.ts', [name, folder], 0, started)]),
		) as Record<ServerName, ChildProcess>;
		const ports = Object.fromEntries(
			await Promise.all(
				SERVERS.map(async (name) => [name, (await heardFrom<{ port: number }>(servers[name])).port] as const),
			),
		) as Record<ServerName, number>;

		const results: HttpsResult[] = [];
		for (const size of SIZE_LIST) {
			const { durationMs, connections } = options;
			const job = { ca: authority.cert, path: '/mutate?timeout=5s', body: deploymentReview(size), connections };
			const measure = (name: ServerName, forMs: number): Promise<Round> =>
				measureRound(load, servers[name], { ...job, port: ports[name], durationMs: forMs });
			for (const name of SERVERS) await measure(name, durationMs);
			const rounds: Record<ServerName, Round>[] = [];
			for (let round = 0; round < options.rounds; round += 1) {
				// Interleaved, so that what else the machine does meets all alike.
				rounds.push({ floor: await measure('floor', durationMs), product: await measure('product', durationMs) });
			}
			results.push(...SERVERS.map((name) => summarise(size, name, rounds)));
		}
		return results;
	} finally {
		for (const child of started) child.disconnect();
		rmSync(folder, { recursive: true });
	}
}

async function measureRound(load: ChildProcess, server: ChildProcess, job: Job): Promise<Round> {
	const before = await ask<Usage>(server, 'usage');
	const seen = await ask<Load>(load, job);
	const { cpuUs, rssBytes } = await ask<Usage>(server, 'usage');
	return { ...seen, rssBytes, cpuUsPerRequest: (cpuUs - before.cpuUs) / seen.requests };
}

function summarise(size: Size, server: ServerName, rounds: readonly Record<ServerName, Round>[]): HttpsResult {
	const own = rounds.map((round) => round[server]);
	const rate = ({ requests, seconds }: Load): number => requests / seconds;
	const ratios = rounds.map((round) => rate(round[server]) / rate(round.floor));
	const leastCpu = (name: ServerName): number => Math.min(...rounds.map((round) => round[name].cpuUsPerRequest));
	const middle = (read: (round: Round) => number): number => rounded(median(own.map(read)));
	return {
		size,
		server,
		requestsPerSecond: Math.round(median(own.map(rate))),
		p50Ms: middle((round) => round.p50Ms),
		p99Ms: middle((round) => round.p99Ms),
		cpuUsPerRequest: middle((round) => round.cpuUsPerRequest),
		rssMib: Math.round((own.at(-1)?.rssBytes ?? 0) / 2 ** 20),
		ratio: spreadOf(ratios),
		leastCpuUsPerRequest: rounded(leastCpu(server)),
		leastCpuRatio: rounded(leastCpu('floor') / leastCpu(server)),
	};
}

const spreadOf = (values: readonly number[]): Spread => ({
	median: rounded(median(values)),
	min: rounded(Math.min(...values)),
	max: rounded(Math.max(...values)),
});

function start(file: string, args: readonly string[], core: number, started: ChildProcess[]): ChildProcess {
	const command = [process.execPath, join(import.meta.dirname, file), ...args];
	const [program = '', ...rest] = canPin ? ['taskset', '-c', String(core), ...command] : command;
	const child = spawn(program, rest, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
	started.push(child);
	return child;
}

function ask<T>(child: ChildProcess, question: object | string): Promise<T> {
	const answer = heardFrom<T>(child);
	child.send(question);
	return answer;
}

/** The next message of `child`. Rejects when it ends instead. */
async function heardFrom<T>(child: ChildProcess): Promise<T> {
	const heard = new AbortController();
	const { signal } = heard;
	try {
		return await Promise.race([
			once(child, 'message', { signal }).then(([message]) => message as T),
			once(child, 'exit', { signal }).then(([code]) => {
				throw new Error(`${child.spawnargs.join(' ')} ended with ${code}`);
			}),
		]);
	} finally {
		heard.abort();
	}
}
