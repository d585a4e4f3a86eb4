import { expect } from 'chai';
import { it } from 'mocha';
import { createStore } from '../../../src/cluster/store.ts';

it('store › set, changed, deleted, replaced › found by key and by index', () => {
	type Item = readonly [name: string, group?: string];
	const store = createStore<Item>(
		([name]) => name,
		([, group]) => group,
	);
	const contents = () => [store.values().join(' '), ...['x', 'y'].map((group) => store.find(group).join(' '))];
	store.replace([['a', 'x'], ['b', 'x'], ['c']]);
	expect(contents()).to.deep.equal(['a,x b,x c', 'a,x b,x', '']);
	store.set(['b', 'y']);
	store.set(['c', 'y']);
	expect(contents()).to.deep.equal(['a,x b,y c,y', 'a,x', 'b,y c,y']);
	store.delete('a');
	store.delete('missing');
	store.set(['c']);
	expect([...contents(), store.size(), store.get('a')]).to.deep.equal(['b,y c', '', 'b,y', 2, undefined]);
	store.replace([['d', 'x']]);
	expect([...contents(), store.get('d')]).to.deep.equal(['d,x', 'd,x', '', ['d', 'x']]);
});
