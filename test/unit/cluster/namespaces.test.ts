import { expect } from 'chai';
import { describe, it } from 'mocha';
import type { ServerRef } from '../../../src/api/types.ts';
import { ApiError } from '../../../src/cluster/connect.ts';
import { createNamespaceFilter, createSkippedNamespaces } from '../../../src/cluster/namespaces.ts';

const { signal } = new AbortController();
const label = { key: 'toolhive-scaling/enabled', value: 'true' };

function asking(labels: object | undefined) {
	const asked: string[] = [];
	const get = async (path: string) => {
		asked.push(path);
		if (labels === undefined) throw new ApiError('not found', 404);
		return { metadata: { labels } };
	};
	return { asked, connection: { get } };
}

describe('namespaces that are looked after', () => {
	it('are all of them, without a question, where no label is asked for', async () => {
		const { asked, connection } = asking({});
		const isLookedAfter = createNamespaceFilter(connection, { label: undefined, excluded: ['lab'] });
		expect(await isLookedAfter('shop', signal)).to.equal(true);
		expect(await isLookedAfter('lab', signal)).to.equal(false);
		expect(asked).to.deep.equal([]);
	});
	for (const [what, labels, expected] of [
		['with the label', { 'toolhive-scaling/enabled': 'true', team: 'a' }, true],
		['with another value', { 'toolhive-scaling/enabled': 'false' }, false],
		['without it', { team: 'a' }, false],
		['that is gone', undefined, false],
	] as const) {
		it(`${what}: ${expected}`, async () => {
			const { asked, connection } = asking(labels);
			const isLookedAfter = createNamespaceFilter(connection, { label, excluded: [] });
			expect(await isLookedAfter('shop', signal)).to.equal(expected);
			expect(asked).to.deep.equal(['/api/v1/namespaces/shop']);
		});
	}
	it('are not those that are excluded, whatever their label', async () => {
		const { connection } = asking({ [label.key]: label.value });
		expect(await createNamespaceFilter(connection, { label, excluded: ['shop'] })('shop', signal)).to.equal(false);
	});
	it('are unknown where the API server cannot say: the pass is tried again', async () => {
		const get = () => Promise.reject(new ApiError('no', 403));
		const { error } = await createNamespaceFilter({ get }, { label, excluded: [] })('shop', signal).then(
			() => ({ error: undefined }),
			(thrown: unknown) => ({ error: thrown }),
		);
		expect(error).to.be.instanceOf(ApiError);
	});
});

describe('namespaces that were left out', () => {
	const serversIn = (namespace: string, count: number): ServerRef[] =>
		Array.from({ length: count }, (_, index) => ({ kind: 'MCPServer', namespace, name: `server-${index}` }));
	const servers = [...serversIn('shop', 1000), ...serversIn('lab', 20), ...serversIn('kube-system', 5)];
	const namespaces = { label, excluded: ['kube-system'] };

	function leavingOut(refs: readonly ServerRef[]) {
		const labelled = new Set<string>();
		const asked: string[] = [];
		let isAway = false;
		const get = async (path: string) => {
			const name = path.slice('/api/v1/namespaces/'.length);
			asked.push(name);
			if (isAway) throw new ApiError('no', 500);
			return { metadata: { labels: labelled.has(name) ? { [label.key]: label.value } : {} } };
		};
		const leftOut = createSkippedNamespaces(createNamespaceFilter({ get }, namespaces));
		for (const { namespace } of refs) leftOut.add(namespace);
		return {
			label: (name: string) => labelled.add(name),
			away: (value: boolean) => {
				isAway = value;
			},
			/** What one look finds, and which namespaces it asked for. */
			look: async (there: readonly ServerRef[] = refs) => {
				const found: ServerRef[] = [];
				let error: unknown;
				asked.length = 0;
				try {
					for await (const ref of leftOut.optedIn(there, signal)) found.push(ref);
				} catch (thrown) {
					error = thrown;
				}
				return { found, asked: [...asked], error };
			},
		};
	}

	it('are asked for once each, however many servers they have, and those excluded never', async () => {
		const { look } = leavingOut(servers);
		for (let count = 0; count < 3; count += 1) {
			expect(await look()).to.deep.equal({ found: [], asked: ['shop', 'lab'], error: undefined });
		}
	});
	it('give their servers when they opted in, and are not asked for any more', async () => {
		const { look, label } = leavingOut(servers);
		label('lab');
		label('kube-system');
		expect((await look()).found).to.deep.equal(serversIn('lab', 20));
		expect(await look()).to.deep.equal({ found: [], asked: ['shop'], error: undefined });
	});
	it('without a server any more are forgotten', async () => {
		const { look } = leavingOut(servers);
		expect((await look(serversIn('lab', 1))).asked).to.deep.equal(['lab']);
		expect((await look()).asked).to.deep.equal(['lab']);
	});
	it('are all asked for again where the API server could not say', async () => {
		const { look, label, away } = leavingOut(servers);
		label('shop');
		away(true);
		const { asked, error } = await look();
		expect(asked).to.deep.equal(['shop']);
		expect(error).to.be.instanceOf(ApiError);
		away(false);
		expect((await look()).found).to.have.length(1000);
	});
});
