/**
 * What a create of a proxy Deployment takes through a real API server: with nobody looking at it, with our webhook, and with a
 * MutatingAdmissionPolicy inside the API server. API server, etcd, webhook and clients share the machine, as on a small control plane,
 * so whoever uses CPU slows the others: that is part of what is measured.
 */
import { readFileSync } from 'node:fs';
import { startControlPlane } from '../test/control-plane/start.ts';
import { metricOf } from '../test/e2e/metrics.ts';
import { applyCrds, startProduct } from '../test/e2e/product.ts';
import type { ServerObject } from '../test/old-operator/objects.ts';
import type { Job } from './asker.ts';
import { startAsker } from './asking.ts';
import { endToEndPlots, endToEndTables } from './end-to-end-report.ts';
import { AS_IN_THE_POD, installedWith, tell } from './installed.ts';
import { cpuSeconds } from './linux-process.ts';
import type { Part } from './part.ts';
import { populate, proxyOf } from './population.ts';
import { median, percentile, rounded, type Spread, spreadOf } from './statistics.ts';
import { emptied, GRACE_PERIOD_SECONDS, namespaceOf, prepareWays, SIGNS, WAYS, type Way } from './ways.ts';

export interface EndToEndOptions {
	/** What is asked in one round of each way. With `perSecond`: so often, whatever the answers do, and `clients` at most at a time. */
	readonly loads: readonly Load[];
	/** One more goes before and is not counted. */
	readonly rounds: number;
	readonly nodeFlags: readonly string[];
	/** Variables that users set in each Deployment, which make it larger. */
	readonly env: number;
}

export interface Load {
	readonly clients: number;
	readonly creates: number;
	readonly perSecond?: number;
}

export interface EndToEndRow extends Load {
	readonly way: Way;
	/** Medians over the rounds. */
	readonly p50Ms: number;
	readonly p99Ms: number;
	readonly createsPerSecond: number;
	/** Against `none` of the same round. */
	readonly p50Ratio: Spread;
	readonly p99Ratio: Spread;
	/** Of all creates of all rounds together, which have more to say about so rare a thing. */
	readonly pooledP99Ms: number;
	readonly pooledP99Ratio: number;
	/** CPU time for each create, in milliseconds. */
	readonly cpuMs: {
		readonly apiServer: number;
		readonly etcd: number;
		readonly webhook: number;
		readonly clients: number;
	};
	/** How often the API server called a webhook, what it says it waited, and what the webhook says it took (means). */
	readonly webhook?: {
		readonly callsPerCreate: number;
		readonly seenByApiServerMs: number;
		readonly seenByUsMs: number;
	};
}

export interface EndToEnd {
	readonly deploymentBytes: number;
	readonly kubernetes: string;
	readonly rows: readonly EndToEndRow[];
}

interface Round {
	readonly latenciesMs: readonly number[];
	readonly createsPerSecond: number;
	readonly cpuMs: EndToEndRow['cpuMs'];
	readonly apiServerWaited: Sum;
	readonly weTook: Sum;
}

/** Of a histogram. */
interface Sum {
	readonly seconds: number;
	readonly count: number;
}

export async function measureEndToEnd(options: EndToEndOptions): Promise<EndToEnd> {
	const plane = await startControlPlane();
	const asker = startAsker();
	try {
		await applyCrds(plane);
		await prepareWays(plane);
		const most = Math.max(...options.loads.map(({ creates }) => creates));
		const servers = {} as Record<Way, ServerObject[]>;
		// A Deployment is ours where its server exists, so each create is of another server.
		for (const way of WAYS) {
			servers[way] = await populate(plane, { namespace: namespaceOf(way), from: 0, to: most, what: 'servers' });
		}
		const product = await startProduct(plane, {
			program: installedWith(options.nodeFlags),
			// The reconciler would write to the Deployments of all three.
			flags: ['--reconcile=false', `--grace-period-seconds=${GRACE_PERIOD_SECONDS}`],
			servedBy: 'webhook',
		});
		const [etcdPid = 0, apiServerPid = 0] = plane.pids();
		const webhookPid = product.process.pid ?? 0;
		const requests = {} as Record<Way, Job['requests']>;
		for (const way of WAYS) requests[way] = servers[way].map((server) => createOf(server, options.env));
		const connection = {
			port: Number(new URL(plane.url).port),
			ca: readFileSync(plane.caFile, 'utf8'),
			token: plane.token('operator'),
		};
		const metricsOfApiServer = {
			metrics: async () => (await plane.kubectl(['get', '--raw', '/metrics'], { user: 'admin' })).stdout,
		};
		const waited = (): Promise<Sum> =>
			sumOf(metricsOfApiServer, 'apiserver_admission_webhook_admission_duration_seconds');
		const took = (): Promise<Sum> => sumOf(product, 'thv_scaling_review_duration_seconds');

		const measure = async (way: Way, load: Load): Promise<Round> => {
			const before = { waited: await waited(), took: await took() };
			const cpu = (): number[] => [apiServerPid, etcdPid, webhookPid].map(cpuSeconds);
			const cpuBefore = cpu();
			const asked = await asker.ask({
				...connection,
				requests: requests[way].slice(0, load.creates),
				connections: load.clients,
				count: load.creates,
				...(load.perSecond !== undefined && { perSecond: load.perSecond }),
				status: 201,
				contains: SIGNS[way],
			});
			const used = cpu().map((seconds, at) => ((seconds - (cpuBefore[at] ?? 0)) * 1000) / load.creates);
			const [apiServer = 0, etcd = 0, webhook = 0] = used;
			const after = { waited: await waited(), took: await took() };
			await emptied(plane, way);
			return {
				latenciesMs: asked.latenciesMs,
				createsPerSecond: load.creates / asked.seconds,
				cpuMs: { apiServer, etcd, webhook, clients: asked.cpuUs / 1000 / load.creates },
				apiServerWaited: less(after.waited, before.waited),
				weTook: less(after.took, before.took),
			};
		};

		const rounds: Record<Way, Round>[][] = options.loads.map(() => []);
		for (let round = -1; round < options.rounds; round += 1) {
			for (const [at, load] of options.loads.entries()) {
				const measured = {} as Record<Way, Round>;
				// Another one begins each time, so that none always comes after the same.
				const first = (round + 1) % WAYS.length;
				for (const way of [...WAYS.slice(first), ...WAYS.slice(0, first)]) measured[way] = await measure(way, load);
				if (round >= 0) rounds[at]?.push(measured);
			}
			tell(`end to end: round ${round + 1} of ${options.rounds}`);
		}
		await product.stop();
		return {
			deploymentBytes: Buffer.byteLength(requests.webhook[0]?.body ?? ''),
			kubernetes: JSON.parse((await plane.kubectl(['version', '-o', 'json'])).stdout).serverVersion.gitVersion,
			rows: options.loads.flatMap((load, at) => WAYS.map((way) => summarise(load, way, rounds[at] ?? []))),
		};
	} finally {
		asker.stop();
		await plane.stop();
	}
}

function createOf(server: ServerObject, env: number): { path: string; body: string } {
	const { namespace } = server.metadata;
	return { path: `/apis/apps/v1/namespaces/${namespace}/deployments`, body: JSON.stringify(proxyOf(server, env)) };
}

function summarise(load: Load, way: Way, rounds: readonly Record<Way, Round>[]): EndToEndRow {
	const own = rounds.map((round) => round[way]);
	const share = (of: number) => (round: Round) => percentile(round.latenciesMs, of);
	const ratio = (of: number): Spread => spreadOf(rounds.map((round) => share(of)(round[way]) / share(of)(round.none)));
	const pooled = (of: Way): number =>
		percentile(
			rounds.flatMap((round) => round[of].latenciesMs),
			0.99,
		);
	const middle = (read: (round: Round) => number): number => rounded(median(own.map(read)));
	const waited = own.map((round) => round.apiServerWaited).reduce(more);
	const took = own.map((round) => round.weTook).reduce(more);
	return {
		...load,
		way,
		p50Ms: middle(share(0.5)),
		p99Ms: middle(share(0.99)),
		createsPerSecond: middle((round) => round.createsPerSecond),
		p50Ratio: ratio(0.5),
		p99Ratio: ratio(0.99),
		pooledP99Ms: rounded(pooled(way)),
		pooledP99Ratio: rounded(pooled(way) / pooled('none')),
		cpuMs: {
			apiServer: middle(({ cpuMs }) => cpuMs.apiServer),
			etcd: middle(({ cpuMs }) => cpuMs.etcd),
			webhook: middle(({ cpuMs }) => cpuMs.webhook),
			clients: middle(({ cpuMs }) => cpuMs.clients),
		},
		...(waited.count > 0 && {
			webhook: {
				callsPerCreate: waited.count / (load.creates * own.length),
				seenByApiServerMs: meanMs(waited),
				seenByUsMs: meanMs(took),
			},
		}),
	};
}

const sumOf = async (of: Parameters<typeof metricOf>[0], histogram: string): Promise<Sum> => ({
	seconds: await metricOf(of, `${histogram}_sum`),
	count: await metricOf(of, `${histogram}_count`),
});
const less = (a: Sum, b: Sum): Sum => ({ seconds: a.seconds - b.seconds, count: a.count - b.count });
const more = (a: Sum, b: Sum): Sum => ({ seconds: a.seconds + b.seconds, count: a.count + b.count });
const meanMs = ({ seconds, count }: Sum): number => rounded((seconds * 1000) / count);

/** Below what it can bear, and as fast as it can. */
export const END_TO_END: Part<EndToEndOptions, EndToEnd> = {
	name: 'end-to-end',
	options: {
		loads: [
			{ clients: 1, creates: 400 },
			{ clients: 16, creates: 1_000 },
			{ clients: 64, creates: 1_500 },
			{ clients: 256, creates: 1_500 },
			{ clients: 64, creates: 400, perSecond: 50 },
			{ clients: 64, creates: 800, perSecond: 100 },
		],
		rounds: 5,
		nodeFlags: AS_IN_THE_POD,
		env: 0,
	},
	shortOptions: {
		loads: [
			{ clients: 4, creates: 12 },
			{ clients: 2, creates: 8, perSecond: 20 },
		],
		rounds: 1,
		nodeFlags: AS_IN_THE_POD,
		env: 0,
	},
	measure: measureEndToEnd,
	tables: endToEndTables,
	plots: endToEndPlots,
};
