/**
 * The time of a create of a proxy Deployment through a real API server: without a webhook, with the product, and with a
 * MutatingAdmissionPolicy inside the API server. API server, webhook and clients share the machine, as on a small control plane.
 *
 * Creates are dry runs, so that one body can be sent again and again: the API server does all but the write to etcd.
 */
import type { ControlPlane } from '../../test/harness/control-plane/start.ts';
import type { Deployment, ServerObject } from '../../test/harness/old-operator/objects.ts';
import { canBePod } from '../../test/harness/pod.ts';
import { applyCrds, type Product, startProduct } from '../../test/harness/product.ts';
import { type Goal, ON_THE_PAGE, type Part } from './account.ts';
import { type Load, measureRound, type Round, type Subjects } from './end-to-end-round.ts';
import { h2loadVersion } from './h2load.ts';
import { AS_IN_THE_POD, installedWith, printProgress, withControlPlane } from './installed.ts';
import { populate, proxyOf, rawApi } from './population.ts';
import { median, rounded, type Spread, spreadOf } from './statistics.ts';
import { spreadText, table } from './table.ts';
import { deploymentsPath, GRACE_PERIOD_SECONDS, NAMES, namespaceOf, prepareWays, WAYS, type Way } from './ways.ts';

export interface EndToEndOptions {
	readonly loads: readonly Load[];
	/** One more goes before and is not counted. */
	readonly rounds: number;
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
	/** Of all rounds: how many creates the API server refused, because it or the webhook was too busy. */
	readonly refused: number;
	/** For each create. */
	readonly cpuMs: { readonly apiServer: number; readonly webhook: number };
	/** Calls of the webhook, and the mean time of one by the API server's metrics and by the webhook's. */
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

/** On an API server of its own, or on one that has no other client meanwhile. */
export async function measureEndToEnd(plane: ControlPlane, options: EndToEndOptions): Promise<EndToEnd> {
	const api = rawApi(plane, 'admin', 1);
	let product: Product | undefined;
	try {
		await applyCrds(plane);
		await prepareWays(plane);
		const deployments = {} as Record<Way, Deployment>;
		for (const way of WAYS) {
			const [server] = await populate(plane, { namespace: namespaceOf(way), from: 0, to: 1, hasStatus: true });
			deployments[way] = proxyOf(server as ServerObject);
			await api.call('DELETE', deploymentsPath(way));
		}
		product = await startProduct(plane, {
			program: installedWith(AS_IN_THE_POD),
			inPod: canBePod,
			// The reconciler would write to the Deployments of all three.
			flags: ['--reconcile=false', `--grace-period-seconds=${GRACE_PERIOD_SECONDS}`, '--pre-stop-seconds=0'],
			servedBy: 'webhook',
		});
		const rounds = await interleaved({ plane, product, api, deployments }, options);
		return {
			deploymentBytes: JSON.stringify(deployments.webhook).length,
			kubernetes: JSON.parse(await api.call('GET', '/version')).gitVersion,
			rows: options.loads.flatMap((load, at) => WAYS.map((way) => summarise(load, way, rounds[at] ?? []))),
		};
	} finally {
		await product?.stop();
		await api.close();
	}
}

/** For each load its rounds. */
async function interleaved(subjects: Subjects, { loads, rounds }: EndToEndOptions): Promise<Rounds[]> {
	const seen: Record<Way, Round>[][] = loads.map(() => []);
	for (let round = -1; round < rounds; round += 1) {
		// Another one begins each time, so that none always comes after the same.
		const first = (round + 1) % WAYS.length;
		for (const [at, load] of loads.entries()) {
			const measured = {} as Record<Way, Round>;
			for (const way of [...WAYS.slice(first), ...WAYS.slice(0, first)])
				measured[way] = await measureRound(subjects, way, load);
			if (round >= 0) seen[at]?.push(measured);
		}
		printProgress(`end to end: round ${round + 1} of ${rounds}`);
	}
	return seen;
}

function summarise(load: Load, way: Way, rounds: Rounds): EndToEndRow {
	const own = rounds.map((round) => round[way]);
	const middle = (read: (round: Round) => number): number => rounded(median(own.map(read)));
	const ratio = (read: (round: Round) => number): Spread =>
		spreadOf(rounds.map((round) => read(round[way]) / read(round.none)));
	const sum = (read: (round: Round) => number): number => own.reduce((total, round) => total + read(round), 0);
	const creates = load.creates * own.length;
	const calls = sum(({ used }) => used.calls);
	const msOf = (what: 'apiServerCpu' | 'webhookCpu' | 'seenByApiServer' | 'seenByWebhook', among: number): number =>
		rounded((sum(({ used }) => used[what]) * 1000) / among);
	return {
		...load,
		way,
		p50Ms: middle(({ p50Ms }) => p50Ms),
		p99Ms: middle(({ p99Ms }) => p99Ms),
		createsPerSecond: middle(({ createsPerSecond }) => createsPerSecond),
		p50Ratio: ratio(({ p50Ms }) => p50Ms),
		p99Ratio: ratio(({ p99Ms }) => p99Ms),
		refused: sum(({ refused }) => refused),
		cpuMs: { apiServer: msOf('apiServerCpu', creates), webhook: msOf('webhookCpu', creates) },
		...(calls > 0 && {
			webhook: {
				callsPerCreate: calls / creates,
				seenByApiServerMs: msOf('seenByApiServer', calls),
				seenByUsMs: msOf('seenByWebhook', calls),
			},
		}),
	};
}

function tables({ rows, deploymentBytes, kubernetes }: EndToEnd): string {
	const cells = rows.map((row) => ({
		clients: row.clients,
		'creates/s, asked for': row.perSecond ?? 'as fast as it goes',
		'changed by': NAMES[row.way],
		'p50, against no webhook': spreadText(row.p50Ratio),
		'p99, against no webhook': spreadText(row.p99Ratio),
		'p50 ms': row.p50Ms,
		'p99 ms': row.p99Ms,
		'creates/s': row.createsPerSecond,
		refused: row.refused,
		'CPU ms: API server': row.cpuMs.apiServer,
		webhook: row.cpuMs.webhook,
		'call ms, by the API server': row.webhook?.seenByApiServerMs ?? '',
		'by the webhook': row.webhook?.seenByUsMs ?? '',
	}));
	return `Kubernetes ${kubernetes}, Deployments of ${deploymentBytes} bytes.\n\n${table(cells)}`;
}

const GOAL = { clients: 64, ratio: 1.1 };

const goals = ({ rows }: EndToEnd): readonly Goal[] =>
	rows
		.filter((row) => row.way === 'webhook' && row.clients === GOAL.clients && row.perSecond === undefined)
		.map(({ p99Ratio }) => ({
			promised: `${GOAL.clients} clients, the product: p99 at most ${GOAL.ratio} times that without`,
			measured: spreadText(p99Ratio),
			isKept: p99Ratio.median <= GOAL.ratio,
		}));

/** As fast as it can, and below what it can bear. */
export const END_TO_END: Part<EndToEndOptions, EndToEnd> = {
	...ON_THE_PAGE,
	name: 'end-to-end',
	options: {
		loads: [
			{ clients: 1, creates: 150 },
			{ clients: 64, creates: 500 },
			{ clients: 50, creates: 150, perSecond: 50 },
		],
		rounds: 5,
	},
	shortOptions: {
		loads: [
			{ clients: 4, creates: 12 },
			{ clients: 2, creates: 8, perSecond: 20 },
		],
		rounds: 1,
	},
	versions: () => ({ h2load: h2loadVersion() }),
	measure: (options) => withControlPlane((plane) => measureEndToEnd(plane, options)),
	tables: ({ results }) => tables(results),
	goals: ({ results }) => goals(results),
};
