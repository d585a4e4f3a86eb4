/** Requests a second over HTTPS, against the least a Node server can do, in the same run on the same machine. */
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { issueCa, issueServing } from '../certs/issue.ts';
import { checkAnswer } from './answer.ts';
import { ask, type Contestant, LOAD_CORE, startNode, startOwn } from './contestant.ts';
import { httpsGoals, httpsPlots, httpsTables } from './https-report.ts';
import type { Go, Job, Load } from './load.ts';
import { ON_THE_PAGE, type Part } from './part.ts';
import { deploymentReview, longStringReview, type Size } from './payloads.ts';
import { median, rounded, type Spread, spreadOf } from './statistics.ts';

/** What everything is compared with. */
export const FLOOR = 'floor';
const OWN_SERVERS = [FLOOR, 'product', 'plain express'] as const;

export interface HttpsOptions {
	readonly rounds: number;
	/** Length of one measurement. */
	readonly durationMs: number;
	/** For the compilers, once for each server. */
	readonly warmUpMs: number;
	/** Sizes of reviews of many small fields, each measured with each number of connections. */
	readonly sizes: readonly Size[];
	readonly connections: readonly number[];
	/** Of one review more, with one long string and one connection. */
	readonly longStringBytes: number;
}

/** One server at one size and number of connections. */
export interface HttpsRow {
	readonly size: string;
	readonly connections: number;
	readonly server: string;
	/** Requests a second against the floor, round by round. */
	readonly ratio: Spread;
	/** Medians over the rounds. The server has one core. */
	readonly requestsPerSecond: number;
	readonly p50Ms: number;
	readonly p99Ms: number;
	/** Its p99 against the floor's, round by round. */
	readonly p99Ratio: Spread;
	readonly cpuUsPerRequest: number;
	/** Of the quietest round: what is left when nothing else ran on this machine, and so the steadiest figure. */
	readonly leastCpuUsPerRequest: number;
	/** The floor's least CPU time a request against this one's. */
	readonly leastCpuRatio: number;
	/** Connections that the server closed, in all rounds. */
	readonly closed: number;
	/** After the last round. */
	readonly rssMib: number;
}

interface Round extends Load {
	readonly cpuUsPerRequest: number;
	readonly rssBytes: number;
}

/** Starts what else is to be measured. `folder` holds tls.crt, tls.key and ca.crt, and is gone afterwards. */
export type StartOthers = (folder: string) => Promise<readonly Contestant[]>;

export async function measureHttps(
	options: HttpsOptions,
	startOthers: StartOthers = async () => [],
): Promise<HttpsRow[]> {
	const folder = mkdtempSync(join(tmpdir(), 'bench-'));
	const contestants: Contestant[] = [];
	let load: ChildProcess | undefined;
	try {
		const authority = await issueCa();
		const { cert, key } = await issueServing(authority);
		writeFileSync(join(folder, 'tls.crt'), cert);
		writeFileSync(join(folder, 'tls.key'), key);
		writeFileSync(join(folder, 'ca.crt'), authority.cert);
		for (const name of OWN_SERVERS) contestants.push(await startOwn(name, folder));
		contestants.push(...(await startOthers(folder)));
		for (const one of contestants) {
			if (one.name !== FLOOR) await checkAnswer(one, authority.cert, deploymentReview('1.5 KB'));
		}
		load = startNode('load.ts', [], LOAD_CORE);

		const warmUp = {
			ca: authority.cert,
			body: deploymentReview('13 KB'),
			connections: 8,
			durationMs: options.warmUpMs,
		};
		for (const one of contestants) await measureRound(load, one, warmUp);
		const rows: HttpsRow[] = [];
		for (const { size, body, connections } of cellsOf(options)) {
			const job = { ca: authority.cert, body, connections, durationMs: options.durationMs };
			const rounds: Map<string, Round>[] = [];
			// The first does not count: what came before was of another size. Interleaved, so that what else the machine does meets all alike.
			for (let round = 0; round <= options.rounds; round += 1) {
				const seen = new Map<string, Round>();
				for (const one of contestants) seen.set(one.name, await measureRound(load, one, job));
				if (round > 0) rounds.push(seen);
			}
			rows.push(...contestants.map(({ name }) => ({ size, connections, server: name, ...summarise(name, rounds) })));
		}
		return rows;
	} finally {
		if (load?.connected) load.disconnect();
		for (const one of contestants) await one.stop();
		rmSync(folder, { recursive: true });
	}
}

function cellsOf({ sizes, connections, longStringBytes }: HttpsOptions) {
	return [
		...sizes.flatMap((size) =>
			connections.map((count) => ({ size, body: deploymentReview(size), connections: count })),
		),
		{ size: `${longStringBytes / 1000} KB in one string`, body: longStringReview(longStringBytes), connections: 1 },
	];
}

async function measureRound(load: ChildProcess, one: Contestant, job: Omit<Job, 'port' | 'path'>): Promise<Round> {
	// Handshakes are no part of a request on a connection that stays open for hours.
	await ask(load, { ...job, port: one.port, path: one.path });
	const before = await one.usage();
	const seen = await ask<Load>(load, 'go' satisfies Go);
	const { cpuUs, rssBytes } = await one.usage();
	return { ...seen, rssBytes, cpuUsPerRequest: (cpuUs - before.cpuUs) / seen.requests };
}

function summarise(
	name: string,
	rounds: readonly Map<string, Round>[],
): Omit<HttpsRow, 'size' | 'connections' | 'server'> {
	const of = (server: string): Round[] => rounds.flatMap((round) => round.get(server) ?? []);
	const [own, floor] = [of(name), of(FLOOR)];
	const rate = ({ requests, seconds }: Round): number => requests / seconds;
	const against = (read: (round: Round) => number): Spread =>
		spreadOf(own.map((round, index) => read(round) / read(floor[index] ?? round)));
	const middle = (read: (round: Round) => number): number => rounded(median(own.map(read)));
	const leastCpu = (all: readonly Round[]): number => Math.min(...all.map(({ cpuUsPerRequest }) => cpuUsPerRequest));
	return {
		ratio: against(rate),
		requestsPerSecond: Math.round(median(own.map(rate))),
		p50Ms: middle(({ p50Ms }) => p50Ms),
		p99Ms: middle(({ p99Ms }) => p99Ms),
		p99Ratio: against(({ p99Ms }) => p99Ms),
		cpuUsPerRequest: middle(({ cpuUsPerRequest }) => cpuUsPerRequest),
		leastCpuUsPerRequest: rounded(leastCpu(own)),
		leastCpuRatio: rounded(leastCpu(floor) / leastCpu(own)),
		closed: own.reduce((sum, { closed }) => sum + closed, 0),
		rssMib: Math.round((own.at(-1)?.rssBytes ?? 0) / 2 ** 20),
	};
}

export const HTTPS_OPTIONS: HttpsOptions = {
	rounds: 11,
	durationMs: 300,
	warmUpMs: 2_000,
	sizes: ['1.5 KB', '13 KB', '50 KB'],
	connections: [1, 4, 8, 16, 64],
	longStringBytes: 500_000,
};
export const SHORT_HTTPS_OPTIONS: HttpsOptions = {
	...{ rounds: 1, durationMs: 100, warmUpMs: 100, sizes: ['1.5 KB'], connections: [4], longStringBytes: 500_000 },
};

export const HTTPS: Part<HttpsOptions, readonly HttpsRow[]> = {
	...ON_THE_PAGE,
	name: 'https',
	options: HTTPS_OPTIONS,
	shortOptions: SHORT_HTTPS_OPTIONS,
	measure: measureHttps,
	tables: ({ results }) => httpsTables(results),
	goals: ({ results }) => httpsGoals(results),
	plots: (recorded) => httpsPlots('https', recorded),
};
