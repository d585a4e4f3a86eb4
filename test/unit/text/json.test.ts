import { expect } from 'chai';
import type { Json } from '../../../src/api/types.ts';
import { mergeJson } from '../../../src/text/json.ts';
import { marked } from '../../harness/marked.ts';

const C = { b: { c: 2 } };

/** In the expected text, «…» marks an added part and ‹…› a removed part. */
const ROWS: [title: string, text: string, patch: Json][] = [
	['set › minified', '{"a":1«,"b":{"c":2}»}', C],
	['set › tabs', '{\n\t"a": 1«,\n\t"b": {\n\t\t"c": 2\n\t}»\n}', C],
	['set › CRLF', '{\r\n  "a": 1«,\r\n  "b": {\r\n    "c": 2\r\n  }»\r\n}', C],
	['set › in an empty object below', '{\n  "a": {«\n    "b": 2\n  »}\n}', { a: { b: 2 } }],
	['set › with the escapes of Go', '{"a":1«,"b":"\\u003c\\u0026\\u003e\\u2028"»}', { b: '<&>\u2028' }],
	['set › large numbers are kept', '{"a":12345678901234567890«,"b":2»}', { b: 2 }],
	['remove › the last', '{\n  "a": 1‹,\n  "b": 2›\n}', { b: null }],
	['remove › the first', '{\n  ‹"a": 1,\n  ›"b": 2\n}', { a: null }],
	['remove › the only one', '{‹ "a": 1 ›}', { a: null }],
	['remove › the same characters in a string are kept', '{"a":"\\"b\\":1"‹,"b":1›}', { b: null }],
	['together › the first two', '{‹"a":1, "b":2, ›"d":4«,"e":5,"f":6»}', { a: null, b: null, e: 5, f: 6 }],
	['together › the last', '{\n  "a": 1‹,\n  "b": 2,\n  "c": 3›«,\n  "d": 4»\n}', { b: null, d: 4, c: null }],
	['together › all', '{‹\n  "a": 1,\n  "b": 2›«\n  "c": 3»\n}', { a: null, b: null, c: 3 }],
	['together › the first and the third', '{‹"a":1,›"b":2‹,"c":3›,"d":4«,"e":5»}', { a: null, c: null, e: 5 }],
];

describe('JSON text', () => {
	for (const [title, text, patch] of ROWS) {
		const { before, after } = marked(text);
		it(title, () => expect(mergeJson(before, patch)).to.equal(after));
	}
});
