import { expect } from 'chai';
import fc from 'fast-check';
import { it } from 'mocha';
import { createStore } from '../../../src/cluster/store.ts';

const NAMES = ['a', 'b', 'c', '__proto__'];
const GROUPS = ['x', 'y', 'constructor'];

it('store › any changes › always equal to a plain list', () => {
	const item = fc.record({
		name: fc.constantFrom(...NAMES),
		group: fc.constantFrom(...GROUPS, undefined),
		version: fc.nat(),
	});
	type Item = typeof item extends fc.Arbitrary<infer T> ? T : never;
	const step = fc.oneof(
		item.map((value) => ({ set: value })),
		fc.constantFrom(...NAMES).map((name) => ({ delete: name })),
		fc.uniqueArray(item, { selector: ({ name }) => name }).map((values) => ({ replace: values })),
	);
	fc.assert(
		fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
			const store = createStore<Item>(
				({ name }) => name,
				({ group }) => group,
			);
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
				expect(store.size()).to.equal(plain.length);
				expect(store.values()).to.have.deep.members(plain);
				for (const name of NAMES) expect(store.get(name)).to.equal(plain.find((value) => value.name === name));
				for (const group of GROUPS)
					expect(store.find(group)).to.have.deep.members(plain.filter((value) => value.group === group));
			}
		}),
	);
});
