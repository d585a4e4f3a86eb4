import { expect } from 'chai';
import fc from 'fast-check';
import jsonPatch, { type Operation as PatchOperation } from 'fast-json-patch';
import { describe, it } from 'mocha';
import { patchBetween } from '../../../src/admission/patch.ts';

/** Includes names that every object inherits and names that must be escaped in a JSON Pointer. */
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

describe('patch', () => {
	it('any two objects, which may share parts › the patch turns one into the other', () => {
		fc.assert(
			fc.property(OBJECT, OBJECT, fc.subarray(['a', 'b', 'c/d', 'constructor']), (before, other, keys) => {
				const shared = keys.filter((key) => Object.hasOwn(before, key)).map((key) => [key, before[key]]);
				const after = { ...other, ...Object.fromEntries(shared) };
				const patch = patchBetween(before, after) as PatchOperation[];
				// With validation, every path must exist, as at the API server.
				expect(jsonPatch.applyPatch(before, patch, true, false).newDocument).to.deep.equal(after);
			}),
			{ numRuns: 2000 },
		);
	});
	it('a new key that every object inherits › added, because the API server cannot replace it', () => {
		expect(patchBetween({}, { toString: 1 })).to.deep.equal([{ op: 'add', path: '/toString', value: 1 }]);
	});
	it('the same reference › an empty patch', () => {
		const spec = { replicas: 1 };
		expect(patchBetween({ spec }, { spec })).to.deep.equal([]);
	});
});
