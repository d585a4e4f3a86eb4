import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { parseDocument, stringify } from 'yaml';
import { insert } from '../../../src/manifests/insert.ts';

describe('an addition to any YAML text', () => {
	it('says what it says and changes nothing else, however the text is written', () => {
		const leaf = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null), fc.constant('two\nlines\n\n'));
		const key = fc.string({ minLength: 1, maxLength: 8 }).filter((one) => one !== '__proto__' && one !== 'new');
		const { value } = fc.letrec((tie) => ({
			value: fc.oneof({ depthSize: 'small' }, leaf, fc.array(tie('value'), { maxLength: 3 }), tie('map')),
			map: fc.dictionary(key, tie('value'), { maxKeys: 4 }),
		}));
		const style = fc.record({
			indent: fc.constantFrom(2, 3, 4),
			indentSeq: fc.boolean(),
			collectionStyle: fc.constantFrom('any' as const, 'block' as const, 'flow' as const),
			defaultStringType: fc.constantFrom('PLAIN' as const, 'QUOTE_DOUBLE' as const, 'QUOTE_SINGLE' as const),
		});
		const shape = fc.record({ top: fc.dictionary(key, value, { maxKeys: 4 }), next: value });
		// What goes into a schema: no text of several lines, and no number that JSON does not have.
		const letters = fc.constantFrom(...'ab: #-\'"{}[]&*?|>!%@\\');
		const ours = fc.jsonValue({ stringUnit: letters }).map((one) => JSON.parse(JSON.stringify(one)));
		const property = fc.property(shape, ours, style, fc.boolean(), (content, extra, how, isCrlf) => {
			const written = stringify(content, { ...how, aliasDuplicateObjects: false });
			const text = isCrlf && how.collectionStyle === 'flow' ? written.replaceAll('\n', '\r\n') : written;
			const result = insert(text, parseDocument(text), [{ path: ['top'], key: 'new', value: extra }]) ?? '';
			const before = read(text);
			const expected = { ...before, top: { ...before.top, new: extra } };
			expect(read(result)).to.deep.equal(expected);
			expect(isSubsequence(text, result)).to.equal(true);
		});
		fc.assert(property, { numRuns: 500 });
	});
});

/** A key of braces is text to JSON; that `yaml` warns of it is not what is tested. */
const read = (text: string) => parseDocument(text, { logLevel: 'error' }).toJS();

/** Whether `part` is `whole` with something taken out. */
function isSubsequence(part: string, whole: string): boolean {
	let found = 0;
	for (const character of whole) if (part.startsWith(character, found)) found += character.length;
	return found === part.length;
}
