/** Measures requests per second over HTTPS, and compares them with a minimal Node server in the same run. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Goal, ON_THE_PAGE, type Part } from './account.ts';
import { type Contestant, startContestant, writeCertificates } from './contestant.ts';
import { h2loadVersion, runH2load } from './h2load.ts';
import { cpuSeconds, residentMib } from './linux-process.ts';
import { deploymentReview, runConfigReview, serverReview } from './payloads.ts';
import { median, middle, ratioOf, rounded } from './statistics.ts';
import { spreadText, table } from './table.ts';

/** The server with which the other servers are compared. */
const FLOOR = 'floor';
const SERVERS = [FLOOR, 'product', 'plain express'];

/** Plain express answers only reviews of Deployments. */
const REVIEWS = {
	'1.5 KB': { body: deploymentReview('1.5 KB'), isForAll: true },
	'13 KB': { body: deploymentReview('13 KB'), isForAll: true },
	'50 KB': { body: deploymentReview('50 KB'), isForAll: true },
	'RunConfig, 13 KB': { body: runConfigReview('13 KB'), isForAll: false },
	'MCPServer, 13 KB': { body: serverReview('13 KB'), isForAll: false },
};
type Name = keyof typeof REVIEWS;
const ALL_REVIEWS = Object.keys(REVIEWS) as readonly Name[];
const CONNECTIONS = 8;

interface HttpsOptions {
	readonly rounds: number;
	/** The duration of one measurement. */
	readonly seconds: number;
	readonly reviews: readonly Name[];
}

export type HttpsRow = Awaited<ReturnType<typeof measureHttps>>[number];

/** Measures all servers in each round, so that a disturbance affects all of them. */
async function measureHttps({ rounds, seconds, reviews }: HttpsOptions) {
	const folder = mkdtempSync(join(tmpdir(), 'bench-'));
	const contestants: Contestant[] = [];
	try {
		await writeCertificates(folder);
		for (const name of SERVERS) contestants.push(await startContestant(name, folder));
		const [floor, product, express] = contestants.map(({ stored }) => stored);
		expect(express).to.deep.equal(product);
		// The floor returns a constant patch, so a comparison that it passes would prove nothing.
		expect(floor).to.not.deep.equal(product);
		const rows: ({ size: Name; connections: number; server: string } & ReturnType<typeof summarize>)[] = [];
		for (const size of reviews) {
			const { body, isForAll } = REVIEWS[size];
			const measured = contestants.filter(({ name }) => isForAll || name === FLOOR || name === 'product');
			const seen = new Map<string, Round[]>(measured.map(({ name }) => [name, []]));
			// Round 0 is not counted: V8 still compiles code then, so a slow server may exceed the timeout.
			for (let round = 0; round <= rounds; round += 1) {
				for (const one of measured) {
					const result = await measureRound(one, body, seconds, round === 0);
					if (round > 0) seen.get(one.name)?.push(result);
				}
			}
			for (const [server, own] of seen) {
				rows.push({ size, connections: CONNECTIONS, server, ...summarize(own, seen.get(FLOOR) ?? []) });
			}
		}
		return rows;
	} finally {
		for (const one of contestants) await one.stop();
		rmSync(folder, { recursive: true });
	}
}

type Round = Awaited<ReturnType<typeof measureRound>>;

async function measureRound({ url, pid }: Contestant, body: string, seconds: number, mayFail: boolean) {
	const before = cpuSeconds(pid);
	const load = await runH2load({ url, body, connections: CONNECTIONS, length: { seconds }, isPinned: true, mayFail });
	const cpuUs = (cpuSeconds(pid) - before) * 1e6;
	return { ...load, cpuUsPerRequest: cpuUs / load.requests, mib: residentMib(pid).total };
}

/** Returns medians over the rounds, and the minimum CPU time, which varies least between runs. */
function summarize(own: readonly Round[], floor: readonly Round[]) {
	const leastCpu = (all: readonly Round[]): number => Math.min(...all.map(({ cpuUsPerRequest }) => cpuUsPerRequest));
	return {
		ratio: ratioOf(own, floor, ({ perSecond }) => perSecond),
		requestsPerSecond: Math.round(median(own.map(({ perSecond }) => perSecond))),
		p50Ms: middle(own, ({ p50Ms }) => p50Ms),
		p99Ms: middle(own, ({ p99Ms }) => p99Ms),
		p99Ratio: ratioOf(own, floor, ({ p99Ms }) => p99Ms),
		cpuUsPerRequest: middle(own, ({ cpuUsPerRequest }) => cpuUsPerRequest),
		leastCpuUsPerRequest: rounded(leastCpu(own)),
		leastCpuRatio: rounded(leastCpu(floor) / leastCpu(own)),
		rssMib: Math.round(own.at(-1)?.mib ?? 0),
	};
}

/** Older records contain rows for other numbers of connections. */
const shown = (rows: readonly HttpsRow[]) => rows.filter(({ connections }) => connections === CONNECTIONS);

const httpsTable = (rows: readonly HttpsRow[]): string =>
	table(
		shown(rows).map((row) => ({
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
	shown(rows).flatMap(({ server, size, ratio, p99Ratio }) => {
		const goal = RATIO_GOALS[size];
		if (server !== 'product' || goal === undefined) return [];
		const requests = `${size}: at least ${goal} of the floor's requests a second`;
		const p99 = `${size}: p99 at most ${P99_GOAL} times the floor's`;
		return [
			{ promised: requests, measured: ratio, isKept: ratio.median >= goal },
			{ promised: p99, measured: p99Ratio, isKept: p99Ratio.median <= P99_GOAL },
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
