import { expect } from 'chai';
import { describe, it } from 'mocha';
import { changesOf } from '../../../src/offline/difference.ts';

const TABLE: { it: string; before: unknown; after: unknown; changes: unknown[] }[] = [
	{ it: 'nothing', before: { a: 1 }, after: { a: 1 }, changes: [] },
	{ it: 'a value', before: { a: { b: 1 } }, after: { a: { b: 2 } }, changes: [{ path: 'a.b', was: '1', is: '2' }] },
	{ it: 'a new one', before: {}, after: { a: 'x' }, changes: [{ path: 'a', is: '"x"' }] },
	{ it: 'one that went', before: { a: [1, 2] }, after: { a: [1] }, changes: [{ path: 'a.1', was: '2' }] },
	{
		it: 'things in a list by their name, wherever they stand',
		before: {
			env: [
				{ name: 'A', value: '1' },
				{ name: 'B', value: '2' },
			],
		},
		after: {
			env: [
				{ name: 'B', value: '2' },
				{ name: 'A', value: '3' },
			],
		},
		changes: [{ path: 'env[A].value', was: '"1"', is: '"3"' }],
	},
	{
		it: 'texts of a ConfigMap as the documents they are, every digit of them',
		before: { data: { 'runconfig.json': '{"a":1,"big":12345678901234567890}' } },
		after: { data: { 'runconfig.json': '{"a":1,"big":12345678901234567891}' } },
		changes: [{ path: 'data.runconfig.json.big', was: '12345678901234567890', is: '12345678901234567891' }],
	},
	{
		it: 'YAML in a ConfigMap likewise',
		before: { data: { 'config.yaml': 'name: a\n' } },
		after: { data: { 'config.yaml': '# said\nname: a\nsessionStorage: { db: 0 }\n' } },
		changes: [{ path: 'data.config.yaml.sessionStorage.db', is: '0' }],
	},
	{
		it: 'a text that only looks like a document as a text',
		before: { 'a.json': '{' },
		after: { 'a.json': '{{' },
		changes: [{ path: 'a.json', was: '"{"', is: '"{{"' }],
	},
];

describe('the difference of two objects', () => {
	for (const { it: title, before, after, changes } of TABLE) {
		it(`shows ${title}`, () => {
			expect(changesOf(before, after)).to.deep.equal(changes);
		});
	}
});
