import { expect } from 'chai';
import { describe, it } from 'mocha';
import type { ServerRef } from '../../../src/api/types.ts';
import { ApiError } from '../../../src/cluster/connect.ts';
import { createNamespaceFilter, createSkippedNamespaces } from '../../../src/cluster/namespaces.ts';

const { signal } = new AbortController();
const label = { key: 'toolhive-scaling/enabled', value: 'true' };
const ENABLED = { [label.key]: 'true', team: 'a' };

/**
 * Returns an API server with these labels, by namespace. A namespace without labels returns 404. With `isBroken`, each
 * request fails.
 */
function apiServer(labels: Record<string, object> = {}) {
	const state = { labels, isBroken: false, gets: [] as string[] };
	const get = async (path: string) => {
		const name = path.replace('/api/v1/namespaces/', '');
		state.gets.push(name);
		if (state.isBroken) throw new ApiError('no', 500);
		const found = state.labels[name];
		if (found === undefined) throw new ApiError('not found', 404);
		return { metadata: { labels: found } };
	};
	return { state, get };
}

describe('namespace filter', () => {
	for (const [title, labels, filter, expected, gets] of [
		['no label is required › included, without a request', {}, { label: undefined, excluded: ['lab'] }, true, []],
		[
			'excluded and labelled › not included, without a request',
			{ shop: ENABLED },
			{ label, excluded: ['shop'] },
			false,
			[],
		],
		['labelled › included', { shop: ENABLED }, { label, excluded: [] }, true, ['shop']],
		['another value', { shop: { [label.key]: 'false' } }, { label, excluded: [] }, false, ['shop']],
		['not labelled', { shop: { team: 'a' } }, { label, excluded: [] }, false, ['shop']],
		['deleted', {}, { label, excluded: [] }, false, ['shop']],
	] as const) {
		it(title, async () => {
			const { state, get } = apiServer(labels);
			expect(await createNamespaceFilter({ get }, filter)('shop', signal)).to.equal(expected);
			expect(state.gets).to.deep.equal(gets);
		});
	}

	it('the API server fails › its error, so that the reconcile is retried', async () => {
		const { state, get } = apiServer();
		state.isBroken = true;
		const reading = createNamespaceFilter({ get }, { label, excluded: [] })('shop', signal);
		expect(await reading.catch((error: unknown) => error)).to.be.instanceOf(ApiError);
	});
});

describe('skipped namespaces', () => {
	const serversIn = (namespace: string, count: number): ServerRef[] =>
		Array.from({ length: count }, (_, index) => ({ kind: 'MCPServer', namespace, name: `server-${index}` }));
	const all = [...serversIn('shop', 1000), ...serversIn('lab', 20), ...serversIn('kube-system', 5)];

	function skip() {
		const { state, get } = apiServer({ shop: {}, lab: {}, 'kube-system': ENABLED });
		const skipped = createSkippedNamespaces(createNamespaceFilter({ get }, { label, excluded: ['kube-system'] }));
		for (const { namespace } of all) skipped.add(namespace);
		/** Returns the servers whose namespace has opted in, and the namespaces that were read. */
		const check = async (servers: readonly ServerRef[] = all) => {
			state.gets.length = 0;
			const found: ServerRef[] = [];
			for await (const ref of skipped.optedIn(servers, signal)) found.push(ref);
			return { found, gets: [...state.gets] };
		};
		return { state, check };
	}

	it('many servers › each check reads each namespace once; one opts in › its servers are returned once', async () => {
		const { state, check } = skip();
		for (const _ of [1, 2]) expect(await check()).to.deep.equal({ found: [], gets: ['shop', 'lab'] });
		state.labels['lab'] = ENABLED;
		expect((await check()).found).to.deep.equal(serversIn('lab', 20));
		expect(await check()).to.deep.equal({ found: [], gets: ['shop'] });
	});

	it('its last server is gone › forgotten', async () => {
		const { check } = skip();
		for (const servers of [serversIn('lab', 1), all]) expect((await check(servers)).gets).to.deep.equal(['lab']);
	});

	it('the API server fails › its error, and the next check reads the namespace again', async () => {
		const { state, check } = skip();
		state.isBroken = true;
		expect(await check().catch((error: unknown) => error)).to.be.instanceOf(ApiError);
		expect(state.gets).to.deep.equal(['shop']);
		state.isBroken = false;
		expect((await check()).gets).to.deep.equal(['shop', 'lab']);
	});
});
