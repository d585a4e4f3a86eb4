import { expect } from 'chai';
import { describe, it } from 'mocha';
import { ApiError } from '../../src/cluster/connect.ts';
import { createIsLookedAfter } from '../../src/cluster/namespaces.ts';

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
		const isLookedAfter = createIsLookedAfter(connection, { label: undefined, excluded: ['lab'] });
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
			const isLookedAfter = createIsLookedAfter(connection, { label, excluded: [] });
			expect(await isLookedAfter('shop', signal)).to.equal(expected);
			expect(asked).to.deep.equal(['/api/v1/namespaces/shop']);
		});
	}
	it('are not those that are excluded, whatever their label', async () => {
		const { connection } = asking({ [label.key]: label.value });
		expect(await createIsLookedAfter(connection, { label, excluded: ['shop'] })('shop', signal)).to.equal(false);
	});
	it('are unknown where the API server cannot say: the pass is tried again', async () => {
		const get = () => Promise.reject(new ApiError('no', 403));
		const { error } = await createIsLookedAfter({ get }, { label, excluded: [] })('shop', signal).then(
			() => ({ error: undefined }),
			(thrown: unknown) => ({ error: thrown }),
		);
		expect(error).to.be.instanceOf(ApiError);
	});
});
