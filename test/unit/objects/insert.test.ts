import { expect } from 'chai';
import fc from 'fast-check';
import { parseDocument, stringify } from 'yaml';
import { insert } from '../../../src/manifests/insert.ts';
import type { Addition } from '../../../src/objects/crd.ts';
import { marked } from '../../harness/marked.ts';

const LONG = 'word '.repeat(40).trim();

const at = (value: unknown, key = 'm', path = ['top']): Addition => ({ path, key, value });
const m = at(5);
const listItem = (value: unknown): Addition => ({ path: ['top', 'l'], value });
const object = at({ x: 1 });

/** In the expected text, «…» marks the added part. */
const ROWS: [title: string, text: string, ...additions: Addition[]][] = [
	['sorted keys › between its neighbours', 'top:\n  a: 1\n«  m: 5\n»  z: 2\nnext: 3\n', m],
	['it would be the first › last, so that a comment stays with its key', 'top:\n  # of z\n  z: 1\n«  m: 5\n»', m],
	['comments › kept', 'top:\n  a: 1 # of a\n«  m: 5\n»  # of z\n\n  z: 2\n# of next\nnext: 3\n', m],
	['below a block of text › its blank lines are kept', 'top:\n  a: |+\n    # text\n\n\n«  m: 5\n»  z: 2\n', m],
	['below a key without a value, and its comment', 'top:\n  a: # nothing\n«  m: 5\n»  # of z\n  z: 1\n', m],
	['lists', 'top:\n  a:\n  - 1\n«  m:\n    list:\n    - a: 2\n      b: 1\n»', at({ list: [{ b: 1, a: 2 }] })],
	['long text › not folded', `top:\n  a: 1\n«  m:\n    a: "a: b"\n    l: ${LONG}\n»`, at({ l: LONG, a: 'a: b' })],
	['line breaks of Windows', 'top:\r\n  a: 1\r\n«  m:\r\n    x: 1\r\n»next: 1\r\n', object],
	['an alias › at its anchor', 'first: &x\n  a: 1\n«  m: 5\n»top: *x\n', m],
	['a list', 'top:\n  l:\n  - a\n«  - x: 1\n    y: 2\n»  # end\n', listItem({ x: 1, y: 2 })],
	['an empty mapping', 'top: {«"m": [1]» }\n', at([1])],
	['braces', 'top: {a: 1, z: 2,« "m": {"x":"a: b"},» }\n', at({ x: 'a: b' })],
	['JSON in one line', '{"top":{"a":"\\u003c"«, "m": 5»}}', m],
];

describe('insert into a YAML text', () => {
	for (const [title, text, ...additions] of ROWS) {
		const { before, after } = marked(text);
		it(title, () => expect(insert(before, parseDocument(before), additions)).to.equal(after));
	}

	it('any text and style › only the addition is added', () => {
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
		// Characters for values in a schema. They exclude multi-line texts and numbers that JSON does not support.
		const letters = fc.constantFrom(...'ab: #-\'"{}[]&*?|>!%@\\');
		const values = fc.jsonValue({ stringUnit: letters }).map((one) => JSON.parse(JSON.stringify(one)));
		const property = fc.property(shape, values, style, fc.boolean(), (content, extra, how, isCrlf) => {
			const written = stringify(content, { ...how, aliasDuplicateObjects: false });
			const text = isCrlf && how.collectionStyle === 'flow' ? written.replaceAll('\n', '\r\n') : written;
			const result = insert(text, parseDocument(text), [at(extra, 'new')]) ?? '';
			const before = read(text);
			expect(read(result)).to.deep.equal({ ...before, top: { ...before.top, new: extra } });
			expect(isSubsequence(text, result)).to.equal(true);
		});
		fc.assert(property, { numRuns: 500 });
	});
});

/** Disables warnings: `yaml` warns about keys that are mappings, which become strings in JSON. */
const read = (text: string) => parseDocument(text, { logLevel: 'error' }).toJS();

/** Whether `part` equals `whole` after some characters are removed from `whole`. */
function isSubsequence(part: string, whole: string): boolean {
	let found = 0;
	for (const character of whole) if (part.startsWith(character, found)) found += character.length;
	return found === part.length;
}
