import { expect } from 'chai';
import type { Json } from '../../../src/api/types.ts';
import { mergeJson } from '../../../src/text/json.ts';

const patchOf = (path: readonly string[], value: unknown): Json =>
	path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value) as Json;

const SET: { it: string; text: string; path: string[]; value: unknown; gets: string }[] = [
	{ it: 'minified', text: '{"a":1}', path: ['b'], value: { c: 2 }, gets: '{"a":1,"b":{"c":2}}' },
	{
		it: 'two spaces',
		text: '{\n  "a": 1\n}',
		path: ['b'],
		value: { c: 2 },
		gets: '{\n  "a": 1,\n  "b": {\n    "c": 2\n  }\n}',
	},
	{
		it: 'tabs',
		text: '{\n\t"a": 1\n}',
		path: ['b'],
		value: { c: 2 },
		gets: '{\n\t"a": 1,\n\t"b": {\n\t\t"c": 2\n\t}\n}',
	},
	{
		it: 'CRLF',
		text: '{\r\n  "a": 1\r\n}',
		path: ['b'],
		value: { c: 2 },
		gets: '{\r\n  "a": 1,\r\n  "b": {\r\n    "c": 2\r\n  }\r\n}',
	},
	{ it: 'an empty object', text: '{}', path: ['b'], value: 2, gets: '{"b":2}' },
	{ it: 'below', text: '{"a":{"x":1}}', path: ['a', 'b'], value: 2, gets: '{"a":{"x":1,"b":2}}' },
	{
		it: 'below, into nothing',
		text: '{\n  "a": {}\n}',
		path: ['a', 'b'],
		value: 2,
		gets: '{\n  "a": {\n    "b": 2\n  }\n}',
	},
	{ it: 'over another value', text: '{"a": 1 , "b":[1,2] }', path: ['a'], value: 22, gets: '{"a": 22 , "b":[1,2] }' },
	{
		it: "with Go's escapes",
		text: '{"a":1}',
		path: ['b'],
		value: '<&>\u2028',
		gets: '{"a":1,"b":"\\u003c\\u0026\\u003e\\u2028"}',
	},
	{
		it: 'big numbers stay',
		text: '{"a":12345678901234567890}',
		path: ['b'],
		value: 2,
		gets: '{"a":12345678901234567890,"b":2}',
	},
];

describe('setting a key in JSON text', () => {
	for (const row of SET) {
		it(row.it, () => {
			expect(mergeJson(row.text, patchOf(row.path, row.value))).to.equal(row.gets);
		});
	}
});

const REMOVE: { it: string; text: string; path: string[]; gets: string }[] = [
	{ it: 'the last', text: '{\n  "a": 1,\n  "b": 2\n}', path: ['b'], gets: '{\n  "a": 1\n}' },
	{ it: 'the first', text: '{\n  "a": 1,\n  "b": 2\n}', path: ['a'], gets: '{\n  "b": 2\n}' },
	{ it: 'the middle one', text: '{"a":1, "b":2, "c":3}', path: ['b'], gets: '{"a":1, "c":3}' },
	{ it: 'the only one', text: '{ "a": 1 }', path: ['a'], gets: '{}' },
	{ it: 'one below', text: '{"a":{"x":1,"y":2}}', path: ['a', 'x'], gets: '{"a":{"y":2}}' },
	{ it: 'none', text: '{"a":1}', path: ['b'], gets: '{"a":1}' },
	{
		it: 'not what only looks like it, in a text',
		text: '{"a":"\\"b\\":1","b":1}',
		path: ['b'],
		gets: '{"a":"\\"b\\":1"}',
	},
];

const TOGETHER: { it: string; text: string; patch: Json; gets: string }[] = [
	{
		it: 'the first ones go, others come',
		text: '{"a":1, "b":2, "c":{"x":1}, "d":4}',
		patch: { a: null, b: null, e: 5, c: { x: null, y: 2 }, f: 6 },
		gets: '{"c":{"y":2}, "d":4,"e":5,"f":6}',
	},
	{
		it: 'the last ones go, others come',
		text: '{\n  "a": 1,\n  "b": 2,\n  "c": 3\n}',
		patch: { b: null, d: 4, c: null },
		gets: '{\n  "a": 1,\n  "d": 4\n}',
	},
	{
		it: 'all go, others come',
		text: '{\n  "a": 1,\n  "b": 2\n}',
		patch: { a: null, b: null, c: 3 },
		gets: '{\n  "c": 3\n}',
	},
	{
		it: 'one in the middle and the first go',
		text: '{"a":1,"b":2,"c":3,"d":4}',
		patch: { a: null, c: null, d: 5 },
		gets: '{"b":2,"d":5}',
	},
];

describe('several changes of JSON text at once', () => {
	for (const row of TOGETHER) {
		it(row.it, () => {
			expect(mergeJson(row.text, row.patch)).to.equal(row.gets);
		});
	}
});

describe('removing a key from JSON text', () => {
	for (const row of REMOVE) {
		it(row.it, () => {
			expect(mergeJson(row.text, patchOf(row.path, null))).to.equal(row.gets);
		});
	}
});
