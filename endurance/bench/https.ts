/** Requests a second over HTTPS, against the least a Node server can do, in the same run on the same machine. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { issueCa, issueServing } from '../../certs/issue.ts';
import { type Goal, ON_THE_PAGE, type Part } from './account.ts';
import { checkAnswer } from './answer.ts';
import { type Contestant, startOwn } from './contestant.ts';
import { h2loadVersion, runH2load } from './h2load.ts';
import { usageOf } from './linux-process.ts';
import { deploymentReview, runConfigReview, serverReview } from './payloads.ts';
import { median, percentile, rounded, type Spread, spreadOf } from './statistics.ts';
import { spreadText, table } from './table.ts';

/** What everything is compared with. */
const FLOOR = 'floor';
const OWN_SERVERS = [FLOOR, 'product', 'plain express'];

/** AdmissionReviews by name. What no other server can answer is compared with the floor alone. */
const REVIEWS = {
	'1.5 KB': { body: deploymentReview('1.5 KB'), isForAll: true },
	'13 KB': { body: deploymentReview('13 KB'), isForAll: true },
	'50 KB': { body: deploymentReview('50 KB'), isForAll: true },
	'RunConfig, 13 KB': { body: runConfigReview('13 KB'), isForAll: false },
	'MCPServer, 13 KB': { body: serverReview('13 KB'), isForAll: false },
};
type Name = keyof typeof REVIEWS;
export const ALL_REVIEWS = Object.keys(REVIEWS) as readonly Name[];
const CONNECTIONS = 8;

export interface HttpsOptions {
	readonly rounds: number;
	/** Length of one measurement. */
	readonly seconds: number;
	readonly reviews: readonly Name[];
}

/** One server and review. */
export interface HttpsRow {
	readonly size: Name;
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
	/** Of the quietest round, and so the steadiest figure. */
	readonly leastCpuUsPerRequest: number;
	/** The floor's least CPU time a request against this one's. */
	readonly leastCpuRatio: number;
	/** After the last round. */
	readonly rssMib: number;
}

interface Round {
	readonly requestsPerSecond: number;
	readonly p50Ms: number;
	readonly p99Ms: number;
	readonly cpuUsPerRequest: number;
	readonly mib: number;
}

/** Starts what else is to be measured. `folder` holds tls.crt, tls.key and ca.crt, and is gone afterwards. */
type StartOthers = (folder: string) => Promise<readonly Contestant[]>;

/** Every round goes through all servers, so that what else the machine does meets all alike. */
export async function measureHttps(options: HttpsOptions, startOthers: StartOthers = async () => []) {
	const folder = mkdtempSync(join(tmpdir(), 'bench-'));
	const contestants: Contestant[] = [];
	try {
		const authority = await issueCa();
		const { cert, key } = await issueServing(authority);
		for (const [name, text] of Object.entries({ 'tls.crt': cert, 'tls.key': key, 'ca.crt': authority.cert })) {
			writeFileSync(join(folder, name), text);
		}
		for (const name of OWN_SERVERS) contestants.push(await startOwn(name, folder));
		contestants.push(...(await startOthers(folder)));
		for (const one of contestants) {
			if (one.name !== FLOOR) await checkAnswer(one, folder, deploymentReview('1.5 KB'));
		}
		const rows: HttpsRow[] = [];
		for (const size of options.reviews) {
			const { body, isForAll } = REVIEWS[size];
			const chosen = contestants.filter(({ name }) => isForAll || name === FLOOR || name === 'product');
			const rounds: Map<string, Round>[] = [];
			// The first does not count: the compilers have seen no object of this size, so a slow server may not answer in time.
			for (let round = 0; round <= options.rounds; round += 1) {
				const seen = new Map<string, Round>();
				for (const one of chosen) {
					seen.set(one.name, await measureRound(one, body, options.seconds, round === 0));
				}
				if (round > 0) rounds.push(seen);
			}
			const row = { size, connections: CONNECTIONS };
			rows.push(...chosen.map(({ name }) => ({ ...row, server: name, ...summarise(name, rounds) })));
		}
		return rows;
	} finally {
		for (const one of contestants) await one.stop();
		rmSync(folder, { recursive: true });
	}
}

async function measureRound({ url, pid }: Contestant, body: string, seconds: number, mayFail: boolean): Promise<Round> {
	const load = { connections: CONNECTIONS, length: { seconds }, isPinned: true, mayFail };
	const before = usageOf(pid);
	const { requests, latenciesMs, ...seen } = await runH2load({ url, body, ...load });
	const { cpuUs, mib } = usageOf(pid);
	return {
		requestsPerSecond: requests / seen.seconds,
		p50Ms: percentile(latenciesMs, 0.5),
		p99Ms: percentile(latenciesMs, 0.99),
		cpuUsPerRequest: (cpuUs - before.cpuUs) / requests,
		mib,
	};
}

function summarise(name: string, rounds: readonly Map<string, Round>[]) {
	const roundsOf = (server: string): Round[] => rounds.flatMap((round) => round.get(server) ?? []);
	const [own, floor] = [roundsOf(name), roundsOf(FLOOR)];
	const against = (read: (round: Round) => number): Spread =>
		spreadOf(own.map((round, index) => read(round) / read(floor[index] ?? round)));
	const middle = (read: (round: Round) => number): number => rounded(median(own.map(read)));
	const leastCpu = (all: readonly Round[]): number => Math.min(...all.map(({ cpuUsPerRequest }) => cpuUsPerRequest));
	return {
		ratio: against(({ requestsPerSecond }) => requestsPerSecond),
		requestsPerSecond: Math.round(median(own.map(({ requestsPerSecond }) => requestsPerSecond))),
		p50Ms: middle(({ p50Ms }) => p50Ms),
		p99Ms: middle(({ p99Ms }) => p99Ms),
		p99Ratio: against(({ p99Ms }) => p99Ms),
		cpuUsPerRequest: middle(({ cpuUsPerRequest }) => cpuUsPerRequest),
		leastCpuUsPerRequest: rounded(leastCpu(own)),
		leastCpuRatio: rounded(leastCpu(floor) / leastCpu(own)),
		rssMib: Math.round(own.at(-1)?.mib ?? 0),
	};
}

export const httpsTable = (rows: readonly HttpsRow[]): string =>
	table(
		rows
			.filter(({ connections }) => connections === CONNECTIONS)
			.map((row) => ({
				review: row.size,
				server: row.server,
				'requests/s, against floor': spreadText(row.ratio),
				'by least CPU': row.leastCpuRatio,
				'p99, against floor': spreadText(row.p99Ratio),
				'requests/s': row.requestsPerSecond,
				'CPU µs a request': row.cpuUsPerRequest,
				least: row.leastCpuUsPerRequest,
				'p50 ms': row.p50Ms,
				'p99 ms': row.p99Ms,
				'resident MiB': row.rssMib,
			})),
	);

const RATIO_GOALS: Readonly<Record<string, number>> = { '1.5 KB': 0.65, '13 KB': 0.68, '50 KB': 0.8 };
const P99_GOAL = 1.5;

const httpsGoals = (rows: readonly HttpsRow[]): Goal[] =>
	rows.flatMap(({ server, connections, size, ratio, p99Ratio }) => {
		const goal = RATIO_GOALS[size];
		if (server !== 'product' || connections !== CONNECTIONS || goal === undefined) return [];
		return [
			{
				promised: `${size}: at least ${goal} of the floor's requests a second`,
				measured: spreadText(ratio),
				isKept: ratio.median >= goal,
			},
			{
				promised: `${size}: p99 at most ${P99_GOAL} times the floor's`,
				measured: spreadText(p99Ratio),
				isKept: p99Ratio.median <= P99_GOAL,
			},
		];
	});

export const HTTPS: Part<HttpsOptions, readonly HttpsRow[]> = {
	...ON_THE_PAGE,
	name: 'https',
	options: { rounds: 7, seconds: 2, reviews: ALL_REVIEWS },
	shortOptions: { rounds: 1, seconds: 1, reviews: ALL_REVIEWS },
	versions: () => ({ h2load: h2loadVersion() }),
	measure: (options) => measureHttps(options),
	tables: ({ results }) => httpsTable(results),
	goals: ({ results }) => httpsGoals(results),
};
