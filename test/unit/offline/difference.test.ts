import { expect } from 'chai';
import { describe, it } from 'mocha';
import { type Change, changesOf } from '../../../src/offline/difference.ts';

const big = (digits: string) => ({ data: { 'run.json': `{"big":${digits}}` } });

// The golden cases have the usual changes.
const ROWS: readonly (readonly [title: string, before: unknown, after: unknown, ...changes: Change[]])[] = [
	[
		'items with names in another order',
		{ env: [{ name: 'A', value: '1' }, { name: 'B' }] },
		{ env: [{ name: 'B' }, { name: 'A', value: '3' }] },
		{ path: 'env[A].value', was: '"1"', is: '"3"' },
	],
	[
		'JSON in a ConfigMap, with every digit',
		big('12345678901234567890'),
		big('12345678901234567891'),
		{ path: 'data.run.json.big', was: '12345678901234567890', is: '12345678901234567891' },
	],
	['a text that is not JSON', { 'a.json': '{' }, { 'a.json': '{{' }, { path: 'a.json', was: '"{"', is: '"{{"' }],
];

describe('changesOf', () => {
	for (const [title, before, after, ...changes] of ROWS)
		it(`${title} › ${changes.length} changes`, () => expect(changesOf(before, after)).to.deep.equal(changes));
});
