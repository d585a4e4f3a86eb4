/**
 * What a create of a proxy Deployment takes through a real API server: with nobody looking at it, with our webhook, and with a
 * MutatingAdmissionPolicy inside the API server. API server, etcd, webhook and clients share the machine, as on a small control plane,
 * so whoever uses CPU slows the others: that is part of what is measured.
 */
import type { ControlPlane } from '../test/control-plane/start.ts';
import { canBePod } from '../test/e2e/pod.ts';
import { applyCrds, type Product, startProduct } from '../test/e2e/product.ts';
import type { ServerObject } from '../test/old-operator/objects.ts';
import type { Job } from './asker.ts';
import { startAsker } from './asking.ts';
import { endToEndGoals, endToEndPlots, endToEndTables } from './end-to-end-report.ts';
import { type CpuMs, type Load, measureRound, type Round, type Stage, type Sum } from './end-to-end-round.ts';
import { AS_IN_THE_POD, installedWith, tell, withControlPlane } from './installed.ts';
import { ON_THE_PAGE, type Part } from './part.ts';
import { populate, proxyOf } from './population.ts';
import { rawApi } from './raw-api.ts';
import { median, percentile, rounded, type Spread, spreadOf } from './statistics.ts';
import { GRACE_PERIOD_SECONDS, namespaceOf, prepareWays, WAYS, type Way } from './ways.ts';

export interface EndToEndOptions {
	/** What is asked in one round of each way. With `perSecond`: so often, whatever the answers do, and `clients` at most at a time. */
	readonly loads: readonly Load[];
	/** One more goes before and is not counted. */
	readonly rounds: number;
	readonly nodeFlags: readonly string[];
	/** Variables that users set in each Deployment, which make it larger. */
	readonly env: number;
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
	/** Quietest round against quietest round: what is left when little else ran on this machine, and so the steadiest figures. */
	readonly leastP50Ratio: number;
	readonly leastP99Ratio: number;
	/** Of all creates of all rounds: how many the API server refused, because it or who looks at them was too busy. */
	readonly refused: number;
	readonly cpuMs: CpuMs;
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

type Rounds = readonly Readonly<Record<Way, Round>>[];

/** On an API server of its own, or on one that nobody else uses meanwhile. */
export async function measureEndToEnd(plane: ControlPlane, options: EndToEndOptions): Promise<EndToEnd> {
	const asker = startAsker();
	const api = rawApi(plane, 'admin', 1);
	let product: Product | undefined;
	try {
		await applyCrds(plane);
		await prepareWays(plane);
		const requests = await prepared(plane, options);
		product = await startProduct(plane, {
			program: installedWith(options.nodeFlags),
			inPod: canBePod,
			// The reconciler would write to the Deployments of all three.
			flags: ['--reconcile=false', `--grace-period-seconds=${GRACE_PERIOD_SECONDS}`, '--pre-stop-seconds=0'],
			servedBy: 'webhook',
		});
		const rounds = await interleaved({ plane, product, asker, api, requests }, options);
		return {
			deploymentBytes: Buffer.byteLength(requests.webhook[0]?.body ?? ''),
			kubernetes: JSON.parse(await api.call('GET', '/version')).gitVersion,
			rows: options.loads.flatMap((load, at) => WAYS.map((way) => summarise(load, way, rounds[at] ?? []))),
		};
	} finally {
		asker.stop();
		await product?.stop();
		await api.close();
	}
}

/** A Deployment is ours where its server exists, so there is a server for each create, and they are alike in all namespaces. */
async function prepared(plane: ControlPlane, { loads, env }: EndToEndOptions): Promise<Stage['requests']> {
	const to = Math.max(...loads.map(({ creates }) => creates));
	const requests = {} as Record<Way, Job['requests']>;
	for (const way of WAYS) {
		const namespace = namespaceOf(way);
		const servers = await populate(plane, { namespace, from: 0, to, what: 'servers' });
		requests[way] = servers.map((server) => createOf(server, env));
	}
	return requests;
}

function createOf(server: ServerObject, env: number): { path: string; body: string } {
	const { namespace } = server.metadata;
	return { path: `/apis/apps/v1/namespaces/${namespace}/deployments`, body: JSON.stringify(proxyOf(server, env)) };
}

/** For each load its rounds. */
async function interleaved(stage: Stage, { loads, rounds }: EndToEndOptions): Promise<Rounds[]> {
	const seen: Record<Way, Round>[][] = loads.map(() => []);
	for (let round = -1; round < rounds; round += 1) {
		// Another one begins each time, so that none always comes after the same.
		const first = (round + 1) % WAYS.length;
		for (const [at, load] of loads.entries()) {
			const measured = {} as Record<Way, Round>;
			for (const way of [...WAYS.slice(first), ...WAYS.slice(0, first)])
				measured[way] = await measureRound(stage, way, load);
			if (round >= 0) seen[at]?.push(measured);
		}
		tell(`end to end: round ${round + 1} of ${rounds}`);
	}
	return seen;
}

function summarise(load: Load, way: Way, rounds: Rounds): EndToEndRow {
	const own = rounds.map((round) => round[way]);
	const share = (of: number) => (round: Round) => percentile(round.latenciesMs, of);
	const ratio = (of: number) => spreadOf(rounds.map((round) => share(of)(round[way]) / share(of)(round.none)));
	const middle = (read: (round: Round) => number): number => rounded(median(own.map(read)));
	const least = (of: number, whose: Way): number => Math.min(...rounds.map((round) => share(of)(round[whose])));
	const waited = own.map((round) => round.waited).reduce(more);
	const took = own.map((round) => round.took).reduce(more);
	return {
		...load,
		way,
		p50Ms: middle(share(0.5)),
		p99Ms: middle(share(0.99)),
		createsPerSecond: middle((round) => round.createsPerSecond),
		p50Ratio: ratio(0.5),
		p99Ratio: ratio(0.99),
		leastP50Ratio: rounded(least(0.5, way) / least(0.5, 'none')),
		leastP99Ratio: rounded(least(0.99, way) / least(0.99, 'none')),
		refused: own.reduce((sum, { refused }) => sum + refused, 0),
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

const more = (a: Sum, b: Sum): Sum => ({ seconds: a.seconds + b.seconds, count: a.count + b.count });
const meanMs = ({ seconds, count }: Sum): number => rounded((seconds * 1000) / count);

/** As fast as it can, and below what it can bear. */
export const END_TO_END: Part<EndToEndOptions, EndToEnd> = {
	...ON_THE_PAGE,
	name: 'end-to-end',
	options: {
		loads: [
			{ clients: 1, creates: 150 },
			{ clients: 16, creates: 300 },
			{ clients: 64, creates: 500 },
			{ clients: 256, creates: 800 },
			{ clients: 64, creates: 150, perSecond: 50 },
			{ clients: 64, creates: 300, perSecond: 100 },
		],
		// Many short ones: what else the machine does changes by the second.
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
	measure: (options) => withControlPlane((plane) => measureEndToEnd(plane, options)),
	tables: endToEndTables,
	goals: endToEndGoals,
	plots: endToEndPlots,
};
