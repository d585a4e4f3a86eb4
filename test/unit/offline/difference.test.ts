import { expect } from 'chai';
import { describe, it } from 'mocha';
import { type Change, changesOf } from '../../../src/offline/difference.ts';

const named = (name: string, value: string) => ({ name, value });
const file = (name: string, text: string) => ({ data: { [name]: text } });

const ROWS: readonly (readonly [title: string, before: unknown, after: unknown, ...changes: Change[]])[] = [
	['equal objects', { a: 1 }, { a: 1 }],
	['a new value', {}, { a: 'x' }, { path: 'a', is: '"x"' }],
	[
		'items with names in another order',
		{ env: [named('A', '1'), named('B', '2')] },
		{ env: [named('B', '2'), named('A', '3')] },
		{ path: 'env[A].value', was: '"1"', is: '"3"' },
	],
	[
		'JSON in a ConfigMap, with every digit',
		file('runconfig.json', '{"a":1,"big":12345678901234567890}'),
		file('runconfig.json', '{"a":1,"big":12345678901234567891}'),
		{ path: 'data.runconfig.json.big', was: '12345678901234567890', is: '12345678901234567891' },
	],
	[
		'YAML in a ConfigMap',
		file('config.yaml', 'name: a\n'),
		file('config.yaml', '# comment\nname: a\nsessionStorage: { db: 0 }\n'),
		{ path: 'data.config.yaml.sessionStorage.db', is: '0' },
	],
	['a text that is not JSON', { 'a.json': '{' }, { 'a.json': '{{' }, { path: 'a.json', was: '"{"', is: '"{{"' }],
];

describe('changesOf', () => {
	for (const [title, before, after, ...changes] of ROWS)
		it(`${title} › ${changes.length} changes`, () => expect(changesOf(before, after)).to.deep.equal(changes));
});
