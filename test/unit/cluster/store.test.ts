import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { createStore } from '../../../src/cluster/store.ts';

interface Item {
	readonly name: string;
	readonly group: string | undefined;
	readonly version: number;
}

const item = (name: string, group?: string, version = 0): Item => ({ name, group, version });
const storeOf = (...items: Item[]): ReturnType<typeof createStore<Item>> => {
	const store = createStore<Item>(
		({ name }) => name,
		({ group }) => group,
	);
	store.replace(items);
	return store;
};

describe('cluster store', () => {
	it('finds by name, and all of a group', () => {
		const store = storeOf(item('a', 'x'), item('b', 'x'), item('c', 'y'), item('d'));
		expect(store.get('a')).to.deep.equal(item('a', 'x'));
		expect(store.get('nobody')).to.equal(undefined);
		expect(store.find('x').map(({ name }) => name)).to.deep.equal(['a', 'b']);
		expect(store.find('nothing')).to.deep.equal([]);
		expect(store.size()).to.equal(4);
	});

	it('moves what changes its group', () => {
		const store = storeOf(item('a', 'x'));
		store.set(item('a', 'y', 1));
		expect(store.find('x')).to.deep.equal([]);
		expect(store.find('y')).to.deep.equal([item('a', 'y', 1)]);
		store.set(item('a'));
		expect(store.find('y')).to.deep.equal([]);
		expect(store.get('a')).to.deep.equal(item('a'));
	});

	it('forgets what is not in a new list', () => {
		const store = storeOf(item('a', 'x'), item('b', 'x'));
		store.replace([item('b', 'x', 2)]);
		expect(store.get('a')).to.equal(undefined);
		expect(store.find('x')).to.deep.equal([item('b', 'x', 2)]);
	});

	it('deletes, also what is not there', () => {
		const store = storeOf(item('a', 'x'));
		store.delete('nobody');
		store.delete('a');
		store.delete('a');
		expect(store.size()).to.equal(0);
		expect(store.find('x')).to.deep.equal([]);
	});

	it('is at any time what a plain list would be', () => {
		const someItem = fc.record({
			name: fc.constantFrom('a', 'b', 'c', '__proto__'),
			group: fc.constantFrom('x', 'y', 'constructor', undefined),
			version: fc.nat(),
		});
		const step = fc.oneof(
			someItem.map((value) => ({ set: value })),
			fc.constantFrom('a', 'b', 'c', '__proto__').map((name) => ({ delete: name })),
			fc.uniqueArray(someItem, { selector: ({ name }) => name }).map((values) => ({ replace: values })),
		);
		fc.assert(
			fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
				const store = storeOf();
				let plain: Item[] = [];
				for (const one of steps) {
					if ('set' in one) {
						store.set(one.set);
						plain = [...plain.filter(({ name }) => name !== one.set.name), one.set];
					} else if ('delete' in one) {
						store.delete(one.delete);
						plain = plain.filter(({ name }) => name !== one.delete);
					} else {
						store.replace(one.replace);
						plain = one.replace;
					}
				}
				expect(store.size()).to.equal(plain.length);
				for (const name of ['a', 'b', 'c', '__proto__']) {
					expect(store.get(name)).to.deep.equal(plain.find((value) => value.name === name));
				}
				for (const group of ['x', 'y', 'constructor']) {
					expect(store.find(group)).to.have.deep.members(plain.filter((value) => value.group === group));
				}
			}),
		);
	});
});
