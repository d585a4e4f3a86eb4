/** Tests a replica's reconciler: its reads, writes and metrics during one term. */
import { syncBuiltinESMExports } from 'node:module';
import timers from 'node:timers/promises';
import { expect } from 'chai';
import { pino } from 'pino';
import type { Json, ServerRef } from '../../../src/api/types.ts';
import type { Cache } from '../../../src/cluster/cache.ts';
import { ApiError, type Connection } from '../../../src/cluster/connect.ts';
import type { Namespaces } from '../../../src/cluster/namespaces.ts';
import { DEFAULT_SETTINGS } from '../../../src/policy/settings.ts';
import { servingReconciler } from '../../../src/server/reconciler.ts';
import { later } from '../../harness/later.ts';
import { configMap, deployment, mcpServer, REDIS } from '../../harness/objects.ts';
import { until } from '../../harness/until.ts';

const SERVER = mcpServer({ replicas: 3, sessionStorage: REDIS });
const REF: ServerRef = { kind: 'MCPServer', namespace: 'demo', name: 'search' };
const ALL: Namespaces = { label: undefined, excluded: [] };
const LABELLED: Namespaces = { label: { key: 'enabled', value: 'true' }, excluded: [] };
const realSleep = timers.setTimeout;

function createHarness(namespaces = ALL, assertLeading: () => void = () => undefined) {
	const labels: Record<string, string> = {};
	const objects: readonly (readonly [string, Json])[] = [
		['mcpservers', SERVER],
		['deployments', deployment(SERVER)],
		['configmaps', configMap(SERVER, '{"name":"search"}')],
		['v1/namespaces/demo', { metadata: { labels } }],
	];
	const reads: string[] = [];
	const writes: string[] = [];
	const counts = { done: 0, failed: 0, reverted: 0 };
	const connection = {
		get: async (path: string) => {
			const found = objects.find(([resource]) => path.includes(`/${resource}/`) || path.endsWith(resource));
			if (found === undefined) throw new ApiError('404', 404);
			reads.push(found[0]);
			return found[1];
		},
		send: async (_method: string, path: string) => {
			if (!path.includes('/events')) writes.push(path.split('/').at(-2) ?? '');
			return {};
		},
	};
	const reconciler = servingReconciler({
		connection: connection as unknown as Connection,
		cache: { watches: {}, servers: () => [REF] } as unknown as Cache,
		clusterContextOf: () => ({}),
		settings: DEFAULT_SETTINGS,
		settleMs: 0,
		rolloutsPerMinute: 600,
		namespaces,
		identity: 'one',
		log: pino({ level: 'silent' }),
		metrics: {
			countWrite: () => undefined,
			countReconcile: (result) => {
				counts[result] += 1;
			},
			countReverted: () => {
				counts.reverted += 1;
			},
		},
	});
	const ending = new AbortController();
	const leading = reconciler.lead({ signal: ending.signal, assertLeading });
	const stop = async (): Promise<void> => {
		ending.abort();
		await leading;
	};
	return { reads, writes, counts, labels, reconciler, stop };
}

describe('the reconciler in a replica', () => {
	it('leads › writes', async () => {
		const { writes, stop } = createHarness();
		await until(() => ['search', 'deployments', 'configmaps'].every((resource) => writes.includes(resource)));
		await stop();
	});

	it('its term is over › reads, and writes nothing', async () => {
		const { reads, writes, counts, stop } = createHarness(ALL, () => {
			throw new Error('no longer the leader');
		});
		await until(() => counts.failed > 0);
		await stop();
		expect(reads).to.include.members(['mcpservers', 'deployments', 'configmaps']);
		expect(writes).to.deep.equal([]);
	});

	it('another client reverts each write › counted from the fourth write', async () => {
		const { writes, counts, reconciler, stop } = createHarness();
		for (let pass = 1; pass <= 3; pass += 1) {
			await until(() => counts.done === pass);
			reconciler.enqueue(REF);
		}
		expect([writes.filter((resource) => resource === 'configmaps').length, counts.reverted]).to.deep.equal([3, 0]);
		await later(61_000, () => until(() => counts.reverted > 0));
		await stop();
	});

	it('its namespace is not labelled › no write; it is labelled › reconciled at the next check', async () => {
		// The namespaces are checked every 30 s, so the test shortens that delay.
		timers.setTimeout = ((ms: number, ...args: never[]) => realSleep(ms === 30_000 ? 50 : ms, ...args)) as never;
		syncBuiltinESMExports();
		try {
			const { reads, writes, counts, labels, stop } = createHarness(LABELLED);
			await until(() => reads.length >= 3);
			expect([new Set(reads), writes, counts.done]).to.deep.equal([new Set(['v1/namespaces/demo']), [], 0]);
			labels['enabled'] = 'true';
			await until(() => writes.includes('deployments'));
			await stop();
		} finally {
			timers.setTimeout = realSleep;
			syncBuiltinESMExports();
		}
	});
});
