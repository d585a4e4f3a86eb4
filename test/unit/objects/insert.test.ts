import { expect } from 'chai';
import { parseDocument } from 'yaml';
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
	['unsorted keys › last', 'top:\n  z: 1\n  a: 2\n«  m: 5\n»next: 3\n', m],
	['it would be the first › last, so that a comment stays with its key', 'top:\n  # of z\n  z: 1\n«  m: 5\n»', m],
	['comments › kept', 'top:\n  a: 1 # of a\n«  m: 5\n»  # of z\n\n  z: 2\n# of next\nnext: 3\n', m],
	['below a block of text › its blank lines are kept', 'top:\n  a: |+\n    # text\n\n\n«  m: 5\n»  z: 2\n', m],
	['below folded text', 'top:\n  a: some\n    more\n«  m: 5\n»  z: "some\n    more"\n', m],
	['below a key without a value, and its comment', 'top:\n  a: # nothing\n«  m: 5\n»  # of z\n  z: 1\n', m],
	['lists', 'top:\n  a:\n  - 1\n«  m:\n    list:\n    - a: 2\n      b: 1\n»', at({ list: [{ b: 1, a: 2 }] })],
	['long text › not folded', `top:\n  a: 1\n«  m:\n    a: "a: b"\n    l: ${LONG}\n»`, at({ l: LONG, a: 'a: b' })],
	['no line break at the end', 'top:\n  a: 1«\n  m: 5»', m],
	['line breaks of Windows', 'top:\r\n  a: 1\r\n«  m:\r\n    x: 1\r\n»next: 1\r\n', object],
	['before the end of a document', 'top:\n  a: 1\n«  m: 5\n»...\n', m],
	['an alias › at its anchor', 'first: &x\n  a: 1\n«  m: 5\n»top: *x\n', m],
	['a list', 'top:\n  l:\n  - a\n«  - x: 1\n    y: 2\n»  # end\n', listItem({ x: 1, y: 2 })],
	['a list in brackets', 'top: {l: [1«, 2»]}', listItem(2)],
	['an empty list', 'top: {l: [«2»]}', listItem(2)],
	['an empty mapping', 'top: {«"m": [1]» }\n', at([1])],
	['a key without a value, in braces', 'top: {a«, "m": 5»}', m],
	['braces', 'top: {a: 1, z: 2,« "m": {"x":"a: b"},» }\n', at({ x: 'a: b' })],
	['JSON in one line', '{"top":{"a":"\\u003c"«, "m": 5»}}', m],
	['in their order', 'top:\n  z: 1\n  a: 1\n«  y: 1\n  b: 1\n  c: 1\n»', at(1, 'y'), at(1, 'b'), at(1, 'c')],
];

describe('insert into a YAML text', () => {
	for (const [title, text, ...additions] of ROWS) {
		const { before, after } = marked(text);
		it(title, () => expect(insert(before, parseDocument(before), additions)).to.equal(after));
	}
});
