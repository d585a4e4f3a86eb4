/** The reconciler of a replica whose term ended without its having been told, as right after it was stopped for a while. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { pino } from 'pino';
import type { Json } from '../../../src/api/types.ts';
import type { Cache } from '../../../src/cluster/cache.ts';
import { ApiError, type Connection } from '../../../src/cluster/connect.ts';
import { DEFAULT_SETTINGS } from '../../../src/policy/settings.ts';
import { servingReconciler } from '../../../src/server/reconciler.ts';
import { configMap, deployment, mcpServer, REDIS } from '../../harness/objects.ts';
import { until } from '../../harness/until.ts';

const SERVER = mcpServer({ replicas: 3, sessionStorage: REDIS });
const OBJECTS: readonly (readonly [string, Json])[] = [
	['mcpservers', SERVER],
	['deployments', deployment(SERVER)],
	['configmaps', configMap(SERVER, '{"name":"search"}')],
];

/** What was asked, and written, in one term of which `assertLeading` says what it says. */
async function play(assertLeading: () => void) {
	const asked: string[] = [];
	const written: string[] = [];
	const connection = {
		get: async (path: string) => {
			const found = OBJECTS.find(([resource]) => path.includes(`/${resource}/`));
			if (found === undefined) throw new ApiError('404', 404);
			asked.push(found[0]);
			return found[1];
		},
		send: async (_method: string, path: string) => {
			if (!path.includes('/events')) written.push(path.split('/').at(-2) ?? '');
			return {};
		},
	};
	const reconciler = servingReconciler({
		connection: connection as unknown as Connection,
		cache: {
			watches: {},
			servers: () => [{ kind: 'MCPServer', namespace: 'demo', name: 'search' }],
		} as unknown as Cache,
		clusterContextOf: () => ({}),
		settings: DEFAULT_SETTINGS,
		settleMs: 0,
		rolloutsPerMinute: 600,
		namespaces: { label: undefined, excluded: [] },
		identity: 'one',
		log: pino({ level: 'silent' }),
		metrics: { countWrite: () => undefined, countPass: () => undefined, countReverted: () => undefined },
	});
	const ending = new AbortController();
	const leading = reconciler.lead({ signal: ending.signal, assertLeading });
	await until(() => asked.length >= OBJECTS.length);
	await sleep(200);
	ending.abort();
	await leading;
	return { asked, written };
}

describe('the reconciler of a replica', () => {
	it('writes while it leads', async () => {
		const { written } = await play(() => undefined);
		expect(written).to.include.members(['search', 'deployments', 'configmaps']);
	});

	it('writes nothing when its term is over, whatever it was about to write', async () => {
		const { asked, written } = await play(() => {
			throw new Error('not leading any more');
		});
		expect(asked).to.include.members(['mcpservers', 'deployments', 'configmaps']);
		expect(written).to.deep.equal([]);
	});
});
