import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { patchBetween } from '../../../src/admission/patch.ts';
import type { Json } from '../../../src/api/types.ts';
import { patchedBy } from '../../harness/json-patch.ts';

/** Also names that every object inherits, and those that a path has to escape. */
const KEY = fc.constantFrom('a', 'b', 'c/d', '~1', 'constructor', 'toString', 'hasOwnProperty');
const VALUE = fc.letrec<{ value: unknown }>((tie) => ({
	value: fc.oneof(
		{ depthSize: 'small' },
		fc.constantFrom(null, 0, 1, '', 'x', true),
		fc.array(tie('value'), { maxLength: 4 }),
		fc.dictionary(KEY, tie('value'), { maxKeys: 4, noNullPrototype: true }),
	),
})).value;
const OBJECT = fc.dictionary(KEY, VALUE, { maxKeys: 5, noNullPrototype: true });

describe('the patch between two objects', () => {
	it('turns one into the other, whatever they share', () => {
		fc.assert(
			fc.property(OBJECT, OBJECT, fc.subarray(['a', 'b', 'c/d', 'constructor']), (before, other, shared) => {
				const after: Json = {
					...other,
					...Object.fromEntries(shared.filter((key) => Object.hasOwn(before, key)).map((key) => [key, before[key]])),
				};
				expect(patchedBy(before, patchBetween(before, after))).to.deep.equal(after);
			}),
			{ numRuns: 2000 },
		);
	});
	it('removes a key that every object inherits', () => {
		expect(patchBetween({ constructor: 1, a: 1 }, { a: 1 })).to.deep.equal([{ op: 'remove', path: '/constructor' }]);
	});
	it('adds a key that every object inherits', () => {
		expect(patchBetween({}, { toString: 1 })).to.deep.equal([{ op: 'add', path: '/toString', value: 1 }]);
	});
	it('says nothing of what is the same reference', () => {
		const spec = { replicas: 1 };
		expect(patchBetween({ spec }, { spec })).to.deep.equal([]);
	});
});
