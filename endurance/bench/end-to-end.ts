/**
 * Measures creates of a proxy Deployment through a real API server, for each way in ways.ts. The API server, the
 * webhook and the clients share the machine, as on a small control plane. The creates are dry runs, so that one body
 * can be sent many times.
 */
import type { ControlPlane } from '../../test/harness/control-plane/start.ts';
import type { Deployment, ServerObject } from '../../test/harness/old-operator/objects.ts';
import { canBePod } from '../../test/harness/pod.ts';
import { applyCrds, startProduct } from '../../test/harness/product.ts';
import { adminKubectl } from '../installed/pods.ts';
import { printProgress } from '../installed/prepare-cluster.ts';
import { type Goal, ON_THE_PAGE, type Part } from './account.ts';
import { h2loadVersion } from './h2load.ts';
import { AS_IN_THE_POD, installedWith, withControlPlane } from './installed.ts';
import { populate, proxyOf } from './population.ts';
import { middle, ratioOf, rounded } from './statistics.ts';
import { spreadText, table } from './table.ts';
import {
	deploymentsPath,
	GRACE_PERIOD_SECONDS,
	type Load,
	measureRound,
	namespaceOf,
	type Round,
	WAY_LIST,
	WAYS,
	WAYS_FILE,
	type Way,
} from './ways.ts';

interface EndToEndOptions {
	readonly loads: readonly Load[];
	/** The number of rounds, without the first round, which is not counted. */
	readonly rounds: number;
}

type Row = ReturnType<typeof summarize>;

interface EndToEnd {
	readonly deploymentBytes: number;
	readonly kubernetes: string;
	readonly rows: readonly Row[];
}

/** Requires an API server without other clients. */
export async function measureEndToEnd(plane: ControlPlane, { loads, rounds }: EndToEndOptions): Promise<EndToEnd> {
	const kubectl = adminKubectl(plane);
	await applyCrds(plane);
	await kubectl('apply', '-f', WAYS_FILE);
	const deployments = {} as Record<Way, Deployment>;
	for (const way of WAY_LIST) {
		const [server] = await populate(plane, { namespace: namespaceOf(way), from: 0, to: 1, hasStatus: true });
		deployments[way] = proxyOf(server as ServerObject);
		await kubectl('delete', '--raw', deploymentsPath(way));
	}
	const product = await startProduct(plane, {
		program: installedWith(AS_IN_THE_POD),
		inPod: canBePod,
		// The reconciler would write to the Deployments of all three ways.
		flags: ['--reconcile=false', `--grace-period-seconds=${GRACE_PERIOD_SECONDS}`, '--pre-stop-seconds=0'],
		servedBy: 'webhook',
	});
	try {
		const seen = loads.map((load) => ({ load, rounds: { none: [], webhook: [], policy: [] } as Rounds }));
		for (let round = 0; round <= rounds; round += 1) {
			// Each round starts with a different way, so that the order does not favour any way.
			const first = round % WAY_LIST.length;
			for (const { load, rounds: measured } of seen) {
				for (const way of [...WAY_LIST.slice(first), ...WAY_LIST.slice(0, first)]) {
					const result = await measureRound({ plane, product, deployments }, way, load);
					if (round > 0) measured[way].push(result);
				}
			}
			printProgress(`end to end: round ${round} of ${rounds}`);
		}
		return {
			deploymentBytes: JSON.stringify(deployments.webhook).length,
			kubernetes: JSON.parse(await kubectl('get', '--raw', '/version')).gitVersion,
			rows: seen.flatMap(({ load, rounds }) => WAY_LIST.map((way) => summarize(load, way, rounds))),
		};
	} finally {
		await product.stop();
	}
}

type Rounds = Record<Way, Round[]>;

/**
 * Returns medians over the rounds. Ratios compare with `none` in the same round. `refused` counts creates that the API
 * server rejected.
 */
function summarize(load: Load, way: Way, rounds: Rounds) {
	const own = rounds[way];
	const sum = (read: (round: Round) => number): number => own.reduce((total, round) => total + read(round), 0);
	const msEach = (counter: Parameters<Round['used']>[0], count: number): number =>
		rounded((sum(({ used }) => used(counter)) * 1000) / count);
	const creates = load.creates * own.length;
	const calls = sum(({ used }) => used('calls'));
	const webhook = {
		callsPerCreate: calls / creates,
		seenByApiServerMs: msEach('seenByApiServer', calls),
		seenByUsMs: msEach('seenByWebhook', calls),
	};
	return {
		...load,
		way,
		p50Ms: middle(own, ({ p50Ms }) => p50Ms),
		p99Ms: middle(own, ({ p99Ms }) => p99Ms),
		createsPerSecond: middle(own, ({ perSecond }) => perSecond),
		p50Ratio: ratioOf(own, rounds.none, ({ p50Ms }) => p50Ms),
		p99Ratio: ratioOf(own, rounds.none, ({ p99Ms }) => p99Ms),
		refused: sum(({ failed }) => failed),
		cpuMs: { apiServer: msEach('apiServerCpu', creates), webhook: msEach('webhookCpu', creates) },
		...(calls > 0 && { webhook }),
	};
}

function tables({ deploymentBytes, kubernetes, rows }: EndToEnd): string {
	const cells = rows.map((row) => ({
		clients: row.clients,
		'creates/s, asked for': row.perSecond ?? 'as fast as it goes',
		'changed by': WAYS[row.way].title,
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
			measured: p99Ratio,
			isKept: p99Ratio.median <= GOAL.ratio,
		}));

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
