import { expect } from 'chai';
import { afterEach, describe, it } from 'mocha';
import type { Autoscaler, Json, Server, ServerRef } from '../../../src/api/types.ts';
import { type Cache, startCache } from '../../../src/cluster/cache.ts';
import { ApiError, type Connection } from '../../../src/cluster/connect.ts';
import { until } from '../../harness/until.ts';

/** Keeps only the fields that these tests need. */
const projectionOf = (object: Json) => {
	const { namespace = '', name = '', uid = '' } = object['metadata'] as Record<string, string>;
	return { namespace, name, uid, owners: [], ...(object['spec'] as Json) };
};
const PROJECTIONS = {
	server: (object: Json) =>
		(object['spec'] as Json)['skip']
			? undefined
			: ({ ...projectionOf(object), kind: object['kind'], spec: {}, ignore: [] } as unknown as Server),
	deployment: projectionOf,
	runConfig: (object: Json) => ({ ...projectionOf(object), redisTls: false }),
	autoscaler: (object: Json) => projectionOf(object) as unknown as Autoscaler,
	keySpace: ({ uid }: Server): string | undefined => (uid.startsWith('shared') ? 'shared' : undefined),
};

const object = (kind: string, name: string, uid = 'uid-1', spec: Json = {}): Json => ({
	kind,
	metadata: { namespace: 'shop', name, uid },
	spec,
});
const event = (type: string, changed: Json): string => `${JSON.stringify({ type, object: changed })}\n`;
const mcpServer = (name: string, uid?: string): Json => object('MCPServer', name, uid);
const ref = (name: string, uid?: string): ServerRef => ({
	kind: 'MCPServer',
	namespace: 'shop',
	name,
	...(uid !== undefined && { uid }),
});

interface ApiServer {
	/** The lists, by plural name or by version and plural name. A missing list returns 404. */
	readonly lists: Readonly<Record<string, Json[]>>;
	/** An object or the status of an error, by path. A missing object returns 404. */
	readonly objects?: Readonly<Record<string, Json | number>>;
	/** The events of the watches, by plural name. */
	readonly events?: Readonly<Record<string, readonly string[]>>;
}

function connectionTo({ lists, objects = {}, events = {} }: ApiServer) {
	const gets: string[] = [];
	const streams: [path: string, idleTimeoutMs: number][] = [];
	const connection: Pick<Connection, 'get' | 'stream'> = {
		get: async (path) => {
			const [plain = '', query] = path.split('?');
			if (query !== undefined) {
				const [version, plural = ''] = plain.split('/').slice(-2);
				const items = lists[`${version}/${plural}`] ?? lists[plural];
				if (items === undefined) throw new ApiError('404', 404);
				return { kind: `${items[0]?.['kind']}List`, metadata: { resourceVersion: '1' }, items };
			}
			gets.push(path);
			const found = objects[plain] ?? 404;
			if (typeof found === 'number') throw new ApiError(String(found), found);
			return found;
		},
		stream: async (path, idleTimeoutMs) => {
			streams.push([path, idleTimeoutMs]);
			return (async function* () {
				yield Buffer.from((events[path.split('?')[0]?.split('/').at(-1) ?? ''] ?? []).join(''));
				await new Promise(() => undefined);
			})();
		},
	};
	return { gets, streams, connection };
}

const { signal } = new AbortController();
const PATH = '/apis/toolhive.stacklok.dev/v1beta1/namespaces/shop/mcpservers';
const OLD = PATH.replace('v1beta1', 'v1alpha1');
const DEPLOYMENTS = '/apis/apps/v1/namespaces/shop/deployments';

describe('cache', () => {
	let cache: Cache | undefined;
	afterEach(() => cache?.stop());

	async function start(api: ApiServer, more: Partial<Pick<Connection, 'get' | 'stream'>> = {}, maxLookups = 100) {
		const { gets, streams, connection } = connectionTo(api);
		const enqueued: string[] = [];
		const enqueue = ({ kind, name }: ServerRef): void => void enqueued.push(`${kind} ${name}`);
		const ignore = (): void => undefined;
		const started = startCache({ ...connection, ...more }, PROJECTIONS, ignore, {}, enqueue, maxLookups);
		cache = started;
		await until(() => Object.values(started.watches).every((watch) => watch.hasSynced()));
		return { ...started, gets, streams, enqueued };
	}

	for (const [title, list, cached, stored, uid, expected, gets] of [
		['cached, same uid › no request', 'mcpservers', ['1'], {}, '1', '1', []],
		['cached, no uid in the reference › no request', 'mcpservers', ['1'], {}, undefined, '1', []],
		['not cached › one GET', 'mcpservers', [], { [PATH]: '2' }, '2', '2', [PATH]],
		['not cached, 404 › one GET', 'mcpservers', [], {}, '2', undefined, [PATH]],
		['only v1alpha1 is served › one GET of that', 'v1alpha1/mcpservers', [], { [OLD]: '2' }, '2', '2', [OLD]],
		['only v1alpha1 is served, 404 › one GET', 'v1alpha1/mcpservers', [], {}, '2', undefined, [OLD]],
		['cached with another uid › the stored one', 'mcpservers', ['1'], { [PATH]: '2' }, '2', '2', [PATH]],
		['cached and stored with another uid › none', 'mcpservers', ['1'], { [PATH]: '2' }, '3', undefined, [PATH]],
	] as const) {
		it(`findServer › ${title}`, async () => {
			const { findServer, gets: sent } = await start({
				lists: { [list]: cached.map((one) => mcpServer('a', one)) },
				objects: Object.fromEntries(Object.entries(stored).map(([path, one]) => [`${path}/a`, mcpServer('a', one)])),
			});
			const found = findServer(ref('a', uid), signal);
			if (gets.length === 0) expect(found).not.to.be.instanceOf(Promise);
			expect((await found)?.uid).to.equal(expected);
			expect(sent).to.deep.equal(gets.map((path) => `${path}/a`));
		});
	}

	it('findServer › the API server fails › its error', async () => {
		const { findServer } = await start({ lists: { mcpservers: [] }, objects: { [`${PATH}/a`]: 503 } });
		const error: unknown = await Promise.resolve(findServer(ref('a'), signal)).catch(({ message }) => message);
		expect(error).to.equal('503');
	});

	it('findServer › waits for another look-up, and the watch adds its server › it ends without a request', async () => {
		const added = Promise.withResolvers<void>();
		const { connection } = connectionTo({
			lists: { mcpservers: [] },
			events: { mcpservers: ['b', 'a'].map((name) => event('ADDED', mcpServer(name))) },
		});
		const get: Connection['get'] = (path) =>
			path.startsWith(`${PATH}/`) ? new Promise(() => undefined) : connection.get(path);
		const stream: Connection['stream'] = (...args) => added.promise.then(() => connection.stream(...args));
		const { findServer } = await start({ lists: {} }, { get, stream }, 1);
		void findServer(ref('never-answered'), signal);
		const waiting = findServer(ref('a'), signal);
		added.resolve();
		expect(await waiting).to.include({ name: 'a' });
		// After 15 s, the watches of resources that are not installed list again, which would end the look-up too.
	}).timeout(10_000);

	it('findDeployment › cached: no request; not cached: one GET', async () => {
		const { findDeployment, gets } = await start({
			lists: { deployments: [object('Deployment', 'cached')] },
			objects: { [`${DEPLOYMENTS}/other`]: object('Deployment', 'other', 'uid-2') },
		});
		expect(findDeployment('shop', 'cached', signal)).to.include({ uid: 'uid-1' });
		expect(await findDeployment('shop', 'other', signal)).to.include({ uid: 'uid-2' });
		expect(await findDeployment('shop', 'missing', signal)).to.equal(undefined);
		expect(gets).to.deep.equal([`${DEPLOYMENTS}/other`, `${DEPLOYMENTS}/missing`]);
	});

	it('a server is listed, changed, added, deleted › enqueued each time; deleted or no longer projected › removed', async () => {
		const [listed, other] = [mcpServer('listed'), mcpServer('other')];
		const skipped = event('MODIFIED', { ...other, spec: { skip: true } });
		const events = [event('MODIFIED', listed), event('ADDED', mcpServer('added')), event('DELETED', listed), skipped];
		const { enqueued, sizeOf } = await start({
			lists: { mcpservers: [listed, other] },
			events: { mcpservers: events },
		});
		await until(() => enqueued.length >= 6);
		const names = ['listed', 'other', 'listed', 'added', 'listed', 'other'];
		expect(enqueued).to.deep.equal(names.map((name) => `MCPServer ${name}`));
		await until(() => sizeOf('mcpservers') === 1);
	});

	for (const [title, before, change, isEnqueuedAgain] of [
		['labelled, without an owner; only its status changes', { labelledFor: ref('github') }, {}, false],
		['labelled; its spec changes', { labelledFor: ref('github') }, { generation: 2 }, true],
		['labelled; its owners change', { labelledFor: ref('github') }, { owners: [ref('other', 'uid-1')] }, true],
		['owned, without labels; only its status changes', { owners: [ref('github')] }, {}, false],
	] as const) {
		it(`a Deployment, ${title} › its server is enqueued ${isEnqueuedAgain ? 'twice' : 'once'}`, async () => {
			const spec = { generation: 1, owners: [], ...before };
			const last = object('Deployment', 'last', 'uid-2', { ...spec, labelledFor: ref('last') });
			const changed = object('Deployment', 'github', 'uid-1', { ...spec, ...change });
			const { enqueued, sizeOf } = await start({
				lists: { deployments: [object('Deployment', 'github', 'uid-1', spec)] },
				events: { deployments: [event('MODIFIED', changed), event('ADDED', last)] },
			});
			await until(() => sizeOf('deployments') === 2);
			const names = isEnqueuedAgain ? ['github', 'github', 'last'] : ['github', 'last'];
			expect(enqueued).to.deep.equal(names.map((name) => `MCPServer ${name}`));
		});
	}

	it('sharesKeySpaceWith › the other servers of any kind', async () => {
		const { findServer, sharesKeySpaceWith } = await start({
			lists: {
				mcpservers: [mcpServer('a', 'shared-1'), mcpServer('b', 'shared-2'), mcpServer('c', 'x')],
				mcpremoteproxies: [object('MCPRemoteProxy', 'a', 'shared-3')],
			},
		});
		const sharing = (name: string): string[] =>
			sharesKeySpaceWith(findServer(ref(name), signal) as Server).map((server) => `${server.kind}/${server.name}`);
		expect([sharing('a'), sharing('c')]).to.deep.equal([['MCPServer/b', 'MCPRemoteProxy/a'], []]);
	});

	it('autoscalersOf › by namespace and target', async () => {
		const hpa = object('HorizontalPodAutoscaler', 'any-name', 'uid-1', { target: 'github' });
		const { autoscalersOf } = await start({ lists: { horizontalpodautoscalers: [hpa] } });
		expect(autoscalersOf('shop', 'github').map(({ name }) => name)).to.deep.equal(['any-name']);
		expect(autoscalersOf('shop', 'any-name')).to.deep.equal([]);
		expect(autoscalersOf('other', 'github')).to.deep.equal([]);
	});

	it('unsynced › resources without a list, except those only for warnings that the API server forbids', async () => {
		const refuse = (path: string): Promise<unknown> =>
			Promise.reject(new ApiError('refused', /mcpservers|configmaps/.test(path) ? 403 : 500));
		const { unsynced, watches, stop } = startCache(
			{ ...connectionTo({ lists: {} }).connection, get: refuse },
			PROJECTIONS,
			() => undefined,
		);
		await until(() => ['mcpservers', 'configmaps'].every((resource) => watches[resource]?.isForbidden()));
		stop();
		const others = ['deployments', 'horizontalpodautoscalers', 'mcpremoteproxies', 'mcpservers', 'virtualmcpservers'];
		expect([...unsynced()].sort()).to.deep.equal(others);
	});

	it('watches › end after 4 to 8 minutes; a connection is dead after 150 s without an event', async () => {
		const { streams } = await start({ lists: { mcpservers: [mcpServer('one')] } });
		await until(() => streams.length > 0);
		const [path = '', idleTimeoutMs] = streams[0] ?? [];
		expect(Number(new URLSearchParams(path).get('timeoutSeconds'))).to.be.within(240, 480);
		// The timeout covers two bookmarks, which the API server sends once a minute.
		expect(idleTimeoutMs).to.equal(150_000);
	});
});
