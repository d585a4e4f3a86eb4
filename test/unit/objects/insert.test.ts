import { expect } from 'chai';
import { describe, it } from 'mocha';
import { parseDocument } from 'yaml';
import { insert } from '../../../src/manifests/insert.ts';
import type { Addition } from '../../../src/objects/crd.ts';

const added = (text: string, ...additions: readonly Addition[]): string | undefined =>
	insert(text, parseDocument(text), additions);

const lines = (...all: readonly string[]): string => `${all.join('\n')}\n`;
const m = (value: unknown): Addition => ({ path: ['top'], key: 'm', value });

const rows: { it: string; text: string; addition: Addition; gives: string }[] = [
	{
		it: 'goes between its neighbours, where keys are in order',
		text: lines('top:', '  a: 1', '  z: 2', 'next: 3'),
		addition: m(5),
		gives: lines('top:', '  a: 1', '  m: 5', '  z: 2', 'next: 3'),
	},
	{
		it: 'goes last, where keys are in none',
		text: lines('top:', '  z: 1', '  a: 2', 'next: 3'),
		addition: m(5),
		gives: lines('top:', '  z: 1', '  a: 2', '  m: 5', 'next: 3'),
	},
	{
		it: 'never goes first, so that a comment stays with its key',
		text: lines('top:', '  # of z', '  z: 1'),
		addition: m(5),
		gives: lines('top:', '  # of z', '  z: 1', '  m: 5'),
	},
	{
		it: 'leaves a comment with the key below it, and one behind with the value',
		text: lines('top:', '  a: 1 # of a', '  # of z', '', '  z: 2', '# of next', 'next: 3'),
		addition: m(5),
		gives: lines('top:', '  a: 1 # of a', '  m: 5', '  # of z', '', '  z: 2', '# of next', 'next: 3'),
	},
	{
		it: 'goes below a block of text, which keeps its blank lines',
		text: lines('top:', '  a: |+', '    # text', '', '', '  z: 2'),
		addition: m(5),
		gives: lines('top:', '  a: |+', '    # text', '', '', '  m: 5', '  z: 2'),
	},
	{
		it: 'goes below folded text',
		text: lines('top:', '  a: some', '    more', '  z: "some', '    more"'),
		addition: m(5),
		gives: lines('top:', '  a: some', '    more', '  m: 5', '  z: "some', '    more"'),
	},
	{
		it: 'goes below a key without a value, and its comment',
		text: lines('top:', '  a: # nothing', '  # of z', '  z: 1'),
		addition: m(5),
		gives: lines('top:', '  a: # nothing', '  m: 5', '  # of z', '  z: 1'),
	},
	{
		it: 'is indented by two blanks, whatever the rest is',
		text: lines('top:', '    a:', '        - 1'),
		addition: m({ list: [1], more: { x: 1 } }),
		gives: lines('top:', '    a:', '        - 1', '    m:', '      list:', '      - 1', '      more:', '        x: 1'),
	},
	{
		it: 'has lists as controller-gen writes them, where they are so',
		text: lines('top:', '  a:', '  - 1'),
		addition: m({ list: [{ b: 1, a: 2 }] }),
		gives: lines('top:', '  a:', '  - 1', '  m:', '    list:', '    - a: 2', '      b: 1'),
	},
	{
		it: 'is not folded, and quoted only where it must be',
		text: lines('top:', '  a: 1'),
		addition: m({ long: 'word '.repeat(40).trim(), quoted: 'a: b' }),
		gives: lines('top:', '  a: 1', '  m:', `    long: ${'word '.repeat(40).trim()}`, '    quoted: "a: b"'),
	},
	{
		it: 'goes to the end of a text without a last line break',
		text: 'top:\n  a: 1',
		addition: m(5),
		gives: 'top:\n  a: 1\n  m: 5',
	},
	{
		it: 'ends its lines as the others end',
		text: 'top:\r\n  a: 1\r\nnext: 1\r\n',
		addition: m({ x: 1 }),
		gives: 'top:\r\n  a: 1\r\n  m:\r\n    x: 1\r\nnext: 1\r\n',
	},
	{
		it: 'stays in front of the end of a document',
		text: 'top:\n  a: 1\n...\n',
		addition: m(5),
		gives: 'top:\n  a: 1\n  m: 5\n...\n',
	},
	{
		it: 'goes to what an alias stands for',
		text: lines('first: &x', '  a: 1', 'top: *x'),
		addition: m(5),
		gives: lines('first: &x', '  a: 1', '  m: 5', 'top: *x'),
	},
	{
		it: 'goes to a list',
		text: lines('top:', '  l:', '  - a', '  # end'),
		addition: { path: ['top', 'l'], value: { x: 1, y: 2 } },
		gives: lines('top:', '  l:', '  - a', '  - x: 1', '    y: 2', '  # end'),
	},
	{
		it: 'goes to a list in brackets',
		text: 'top: {l: [1]}',
		addition: { path: ['top', 'l'], value: 2 },
		gives: 'top: {l: [1, 2]}',
	},
	{
		it: 'goes to an empty list',
		text: 'top: {l: []}',
		addition: { path: ['top', 'l'], value: 2 },
		gives: 'top: {l: [2]}',
	},
	{ it: 'goes to an empty mapping', text: 'top: { }\n', addition: m([1]), gives: 'top: {"m": [1] }\n' },
	{
		it: 'goes into braces',
		text: 'top: {a: 1, z: 2, }\n',
		addition: m({ x: 'a: b' }),
		gives: 'top: {a: 1, z: 2, "m": {"x":"a: b"}, }\n',
	},
	{
		it: 'goes into JSON with lines',
		text: '{\n    "top": {\n        "a": 1\n    }\n}\n',
		addition: m({ x: [1] }),
		gives: '{\n    "top": {\n        "a": 1, "m": {"x":[1]}\n    }\n}\n',
	},
	{
		it: 'goes into JSON with tabs',
		text: '{\n\t"top": {\n\t\t"z": 1,\n\t\t"a": 1\n\t}\n}',
		addition: m({ x: 1 }),
		gives: '{\n\t"top": {\n\t\t"z": 1,\n\t\t"a": 1, "m": {"x":1}\n\t}\n}',
	},
	{
		it: 'goes into JSON with line breaks of Windows',
		text: '{\r\n  "top": {\r\n    "a": 1\r\n  }\r\n}',
		addition: m({ x: 1 }),
		gives: '{\r\n  "top": {\r\n    "a": 1, "m": {"x":1}\r\n  }\r\n}',
	},
	{
		it: 'goes into JSON in one line',
		text: '{"top":{"a":"\\u003c"}}',
		addition: m(5),
		gives: '{"top":{"a":"\\u003c", "m": 5}}',
	},
];

describe('an addition to a YAML text', () => {
	for (const { it: title, text, addition, gives } of rows) {
		it(title, () => expect(added(text, addition)).to.equal(gives));
	}

	it('is made once, where two paths lead to one place', () => {
		const text = lines('top: &x', '  a: 1', 'other: *x');
		const both = [m(5), { path: ['other'], key: 'm', value: 5 }];
		expect(added(text, ...both)).to.equal(lines('top: &x', '  a: 1', '  m: 5', 'other: *x'));
	});

	it('keeps its order beside others', () => {
		const text = lines('top:', '  z: 1', '  a: 1');
		const keys = ['y', 'b', 'c'].map((key) => ({ path: ['top'], key, value: 1 }));
		expect(added(text, ...keys)).to.equal(lines('top:', '  z: 1', '  a: 1', '  y: 1', '  b: 1', '  c: 1'));
	});
});
