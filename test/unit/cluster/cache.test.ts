import { expect } from 'chai';
import { afterEach, describe, it } from 'mocha';
import type { Json, ProxyDeployment, Server, ServerRef } from '../../../src/api/types.ts';
import { type Cache, startCache } from '../../../src/cluster/cache.ts';
import { ApiError } from '../../../src/cluster/connect.ts';
import { until } from '../../harness/until.ts';

/** Namespace, name and uid are all that these tests look at. */
const projectionOf = (object: Json): { namespace: string; name: string; uid: string } => {
	const { namespace, name, uid } = object['metadata'] as Record<string, string>;
	return { namespace: namespace ?? '', name: name ?? '', uid: uid ?? '' };
};
const serverOf = (object: Json): Server => ({
	...projectionOf(object),
	kind: object['kind'] as Server['kind'],
	spec: { stdio: false },
	ignore: [],
});
const PROJECTIONS = {
	server: (object: Json): Server | undefined => ((object['spec'] as Json)?.['skip'] ? undefined : serverOf(object)),
	deployment: (object: Json) => ({
		...projectionOf(object),
		owners: [],
		...(object['spec'] as Partial<ProxyDeployment>),
	}),
	runConfig: (object: Json) => ({ ...projectionOf(object), owners: [], redisTls: false }),
	autoscaler: (object: Json) => ({
		...projectionOf(object),
		kind: 'HorizontalPodAutoscaler' as const,
		targetKind: 'Deployment' as const,
		target: String((object['spec'] as Json)['target']),
	}),
	keySpace: ({ uid }: Server): string | undefined => (uid.startsWith('shared') ? 'the same' : undefined),
};

const object = (kind: string, name: string, uid: string, spec: Json = {}): Json => ({
	kind,
	metadata: { namespace: 'shop', name, uid },
	spec,
});
const ref = (name: string, uid?: string): ServerRef => ({
	kind: 'MCPServer',
	namespace: 'shop',
	name,
	...(uid !== undefined && { uid }),
});

/** Lists by plural and single objects by path; everything else is 404. The watch of `watched` says what `events` holds. */
function fakeConnection(
	lists: Record<string, Json[]>,
	singles: Record<string, Json | number> = {},
	events: Json[] = [],
	watched = '/apis/toolhive.stacklok.dev/v1beta1/mcpservers',
) {
	const gets: string[] = [];
	return {
		gets,
		get: async (path: string): Promise<unknown> => {
			const [plain = ''] = path.split('?');
			if (plain !== path) {
				const plural = plain.split('/').at(-1) ?? '';
				const version = plain.split('/').at(-2) ?? '';
				const items = lists[`${version}/${plural}`] ?? lists[plural];
				if (items === undefined) throw new ApiError('404', 404);
				return { kind: `${String(items[0]?.['kind'])}List`, metadata: { resourceVersion: '1' }, items };
			}
			gets.push(path);
			const single = singles[plain] ?? 404;
			if (typeof single === 'number') throw new ApiError(String(single), single);
			return single;
		},
		stream: async function* (path: string): AsyncGenerator<Buffer> {
			const told = path.startsWith(watched) ? events.splice(0) : [];
			yield Buffer.from(told.map((event) => `${JSON.stringify(event)}\n`).join(''));
			await new Promise(() => undefined);
		},
	};
}

const never = new AbortController().signal;
const PATH = '/apis/toolhive.stacklok.dev/v1beta1/namespaces/shop/mcpservers';
const OLD_PATH = '/apis/toolhive.stacklok.dev/v1alpha1/namespaces/shop/mcpservers';

describe('cluster memory', () => {
	let memory: Cache | undefined;
	afterEach(() => memory?.stop());

	async function remembering(
		connection: ReturnType<typeof fakeConnection>,
		onTouched?: (ref: ServerRef) => void,
	): Promise<Cache> {
		const made = startCache(
			{ get: connection.get, stream: async (path) => connection.stream(path) },
			PROJECTIONS,
			() => undefined,
			{},
			onTouched,
		);
		memory = made;
		await until(() => Object.values(made.watches).every((watch) => watch.hasSynced()));
		return made;
	}

	it('answers a server it knows at once, without a request', async () => {
		const connection = fakeConnection({ mcpservers: [object('MCPServer', 'github', 'uid-1')] });
		const { findServer } = await remembering(connection);
		expect(findServer(ref('github', 'uid-1'), never)).to.include({ name: 'github', uid: 'uid-1', kind: 'MCPServer' });
		expect(findServer(ref('github'), never)).to.include({ uid: 'uid-1' });
		expect(connection.gets).to.deep.equal([]);
	});

	it('asks once for a server it does not know', async () => {
		const found = object('MCPServer', 'new', 'uid-2');
		const connection = fakeConnection({ mcpservers: [] }, { [`${PATH}/new`]: found });
		const { findServer } = await remembering(connection);
		expect(await findServer(ref('new', 'uid-2'), never)).to.include({ uid: 'uid-2' });
		expect(connection.gets).to.deep.equal([`${PATH}/new`]);
	});

	it('a look-up waits for another one › the watch adds its server › it ends without a request', async () => {
		const connection = fakeConnection({ mcpservers: [] });
		const added = Promise.withResolvers<void>();
		const stream = async function* (): AsyncGenerator<Buffer> {
			await added.promise;
			yield Buffer.from(`${JSON.stringify({ type: 'ADDED', object: object('MCPServer', 'new', 'uid-2') })}\n`);
			await new Promise(() => undefined);
		};
		const made = startCache(
			{
				get: (path) => (path.startsWith(`${PATH}/`) ? new Promise(() => undefined) : connection.get(path)),
				stream: async (path) => (path.includes('/mcpservers?') ? stream() : connection.stream(path)),
			},
			PROJECTIONS,
			() => undefined,
			{},
			undefined,
			1,
		);
		memory = made;
		await until(() => Object.values(made.watches).every((watch) => watch.hasSynced()));
		void made.findServer(ref('never-answered'), never);
		const waiting = made.findServer(ref('new'), never);
		added.resolve();
		expect(await waiting).to.include({ uid: 'uid-2' });
	});

	it('asks once where there is none', async () => {
		const connection = fakeConnection({ mcpservers: [] });
		const { findServer } = await remembering(connection);
		expect(await findServer(ref('nobody', 'uid-2'), never)).to.equal(undefined);
		expect(connection.gets).to.deep.equal([`${PATH}/nobody`]);
	});

	it('asks once where only the old version is served, and the old version', async () => {
		const connection = fakeConnection(
			{ 'v1alpha1/mcpservers': [] },
			{ [`${OLD_PATH}/new`]: object('MCPServer', 'new', 'uid-2') },
		);
		const { findServer } = await remembering(connection);
		expect(await findServer(ref('new', 'uid-2'), never)).to.include({ uid: 'uid-2' });
		expect(await findServer(ref('nobody', 'uid-2'), never)).to.equal(undefined);
		expect(connection.gets).to.deep.equal([`${OLD_PATH}/new`, `${OLD_PATH}/nobody`]);
	});

	it('asks once where it knows another one of that name, and believes the answer', async () => {
		const connection = fakeConnection(
			{ mcpservers: [object('MCPServer', 'github', 'uid-old')] },
			{ [`${PATH}/github`]: object('MCPServer', 'github', 'uid-new') },
		);
		const { findServer } = await remembering(connection);
		expect(await findServer(ref('github', 'uid-new'), never)).to.include({ uid: 'uid-new' });
		expect(await findServer(ref('github', 'uid-gone'), never)).to.equal(undefined);
		expect(connection.gets).to.deep.equal([`${PATH}/github`, `${PATH}/github`]);
	});

	it('says which servers were touched: by a list, by a change, by a deletion', async () => {
		const events = [
			{ type: 'MODIFIED', object: object('MCPServer', 'listed', 'uid-1') },
			{ type: 'ADDED', object: object('MCPServer', 'added', 'uid-2') },
			{ type: 'DELETED', object: object('MCPServer', 'listed', 'uid-1') },
		];
		const connection = fakeConnection({ mcpservers: [object('MCPServer', 'listed', 'uid-1')] }, {}, events);
		const touched: string[] = [];
		const { sizeOf } = await remembering(connection, ({ name }) => void touched.push(name));
		await until(() => touched.length >= 4);
		expect(touched).to.deep.equal(['listed', 'listed', 'added', 'listed']);
		expect(sizeOf('mcpservers')).to.equal(1);
	});

	for (const row of [
		{ it: 'labelled for a server, without an owner › the server is touched', spec: { labelledFor: ref('github') } },
		{ it: 'owned by a server, without its labels › the server is touched', spec: { owners: [ref('github')] } },
	]) {
		it(`a Deployment › ${row.it}`, async () => {
			const touched: string[] = [];
			const connection = fakeConnection({ deployments: [object('Deployment', 'github', 'uid-1', row.spec)] });
			await remembering(connection, ({ kind, name }) => void touched.push(`${kind} ${name}`));
			expect(touched).to.deep.equal(['MCPServer github']);
		});
	}

	for (const row of [
		{ it: 'its ownerReferences change', change: { owners: [ref('github', 'uid-1')] }, isTouched: true },
		{ it: 'its spec changes', change: { generation: 2 }, isTouched: true },
		{ it: 'only its status changes', change: {}, isTouched: false },
	]) {
		it(`a Deployment › ${row.it} › the server is ${row.isTouched ? '' : 'not '}touched again`, async () => {
			const spec = { generation: 1, owners: [], labelledFor: ref('github') };
			const other = { ...spec, labelledFor: ref('last') };
			const connection = fakeConnection(
				{ deployments: [object('Deployment', 'github', 'uid-1', spec)] },
				{},
				[
					{ type: 'MODIFIED', object: object('Deployment', 'github', 'uid-1', { ...spec, ...row.change }) },
					{ type: 'ADDED', object: object('Deployment', 'last', 'uid-2', other) },
				],
				'/apis/apps/v1/deployments',
			);
			const touched: string[] = [];
			const { sizeOf } = await remembering(connection, ({ name }) => void touched.push(name));
			await until(() => sizeOf('deployments') === 2);
			expect(touched).to.deep.equal(row.isTouched ? ['github', 'github', 'last'] : ['github', 'last']);
		});
	}

	it('passes on that the API server does not answer', async () => {
		const connection = fakeConnection({ mcpservers: [] }, { [`${PATH}/github`]: 503 });
		const { findServer } = await remembering(connection);
		const error: unknown = await Promise.resolve(findServer(ref('github'), never)).catch((reason) => reason);
		expect(error).to.be.instanceOf(ApiError).with.property('status', 503);
	});

	it('finds Deployments the same way', async () => {
		const path = '/apis/apps/v1/namespaces/shop/deployments';
		const connection = fakeConnection(
			{ deployments: [object('Deployment', 'known', 'uid-1')] },
			{ [`${path}/other`]: object('Deployment', 'other', 'uid-2') },
		);
		const { findDeployment } = await remembering(connection);
		expect(findDeployment('shop', 'known', never)).to.include({ uid: 'uid-1' });
		expect(await findDeployment('shop', 'other', never)).to.include({ uid: 'uid-2' });
		expect(await findDeployment('shop', 'nobody', never)).to.equal(undefined);
		expect(connection.gets).to.deep.equal([`${path}/other`, `${path}/nobody`]);
	});

	it('knows who shares a key space, of any kind, without the one who asks', async () => {
		const connection = fakeConnection({
			mcpservers: [
				object('MCPServer', 'a', 'shared-1'),
				object('MCPServer', 'b', 'shared-2'),
				object('MCPServer', 'c', 'x'),
			],
			mcpremoteproxies: [object('MCPRemoteProxy', 'a', 'shared-3')],
		});
		const { findServer, sharesKeySpaceWith } = await remembering(connection);
		const names = (name: string): string[] =>
			sharesKeySpaceWith(findServer(ref(name), never) as Server).map((server) => `${server.kind}/${server.name}`);
		expect(names('a')).to.deep.equal(['MCPServer/b', 'MCPRemoteProxy/a']);
		expect(names('c')).to.deep.equal([]);
	});

	it('finds an autoscaler by what it scales', async () => {
		const connection = fakeConnection({
			horizontalpodautoscalers: [object('HorizontalPodAutoscaler', 'any-name', 'uid-1', { target: 'github' })],
		});
		const { autoscalersOf } = await remembering(connection);
		expect(autoscalersOf('shop', 'github').map(({ name }) => name)).to.deep.equal(['any-name']);
		expect(autoscalersOf('shop', 'any-name')).to.deep.equal([]);
		expect(autoscalersOf('other', 'github')).to.deep.equal([]);
	});

	it('forgets what turns into nothing to startCache, and what is deleted', async () => {
		const [one, two] = [object('MCPServer', 'one', 'uid-1'), object('MCPServer', 'two', 'uid-2')];
		const connection = fakeConnection({ mcpservers: [one, two] }, {}, [
			{ type: 'MODIFIED', object: { ...one, spec: { skip: true } } },
			{ type: 'DELETED', object: two },
		]);
		const { sizeOf } = await remembering(connection);
		await until(() => sizeOf('mcpservers') === 0);
	});

	it('counts what it holds, and nothing of what it does not watch', async () => {
		const connection = fakeConnection({ mcpservers: [object('MCPServer', 'one', 'uid-1')] });
		const { sizeOf, watches } = await remembering(connection);
		expect(Object.keys(watches).sort()).to.deep.equal([
			'configmaps',
			'deployments',
			'horizontalpodautoscalers',
			'mcpremoteproxies',
			'mcpservers',
			'virtualmcpservers',
		]);
		expect([sizeOf('mcpservers'), sizeOf('deployments'), sizeOf('nothing')]).to.deep.equal([1, 0, 0]);
	});
});
