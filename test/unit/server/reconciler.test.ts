/** Tests a replica's reconciler: its reads, writes and metrics during one term. */
import { expect } from 'chai';
import { pino } from 'pino';
import type { Json, ServerRef } from '../../../src/api/types.ts';
import type { Cache } from '../../../src/cluster/cache.ts';
import { ApiError, type Connection } from '../../../src/cluster/connect.ts';
import { DEFAULT_SETTINGS } from '../../../src/policy/settings.ts';
import { servingReconciler } from '../../../src/server/reconciler.ts';
import { later } from '../../harness/later.ts';
import { configMap, deployment, mcpServer, REDIS } from '../../harness/objects.ts';
import { until } from '../../harness/until.ts';

const SERVER = mcpServer({ replicas: 3, sessionStorage: REDIS });
const REF: ServerRef = { kind: 'MCPServer', namespace: 'demo', name: 'search' };

function createHarness(assertLeading: () => void = () => undefined) {
	const objects: readonly (readonly [string, Json])[] = [
		['mcpservers', SERVER],
		['deployments', deployment(SERVER)],
		['configmaps', configMap(SERVER, '{"name":"search"}')],
	];
	const reads: string[] = [];
	const writes: string[] = [];
	const counts = { done: 0, failed: 0, reverted: 0 };
	const connection = {
		get: async (path: string) => {
			const found = objects.find(([resource]) => path.includes(`/${resource}/`));
			if (found === undefined) throw new ApiError('404', 404);
			reads.push(found[0]);
			return found[1];
		},
		send: async (_method: string, path: string) => {
			if (!path.includes('/events')) writes.push(path.split('/').at(-2) ?? '');
			return { metadata: { resourceVersion: `${writes.length}` } };
		},
	};
	const reconciler = servingReconciler({
		connection: connection as unknown as Connection,
		cache: { watches: {}, servers: () => [REF] } as unknown as Cache,
		clusterContextOf: () => ({}),
		settings: DEFAULT_SETTINGS,
		settleMs: 0,
		rolloutsPerMinute: 600,
		namespaces: { label: undefined, excluded: [] },
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
	return { reads, writes, counts, reconciler, stop };
}

describe('the reconciler in a replica', () => {
	it('its term is over › reads, and writes nothing', async () => {
		const { reads, writes, counts, stop } = createHarness(() => {
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
});
