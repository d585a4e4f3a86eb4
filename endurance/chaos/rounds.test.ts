/** When a round is broken: it was never met, something stayed wrong, or it took much longer than docs/reliability.md promises. */
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { between, read, rowsOf } from '../../test/harness/documents.ts';
import { DISTURBANCES } from './disturbances.ts';
import { brokenIn, type Round } from './rounds.ts';

const GOOD: Round = {
	name: 'planted',
	met: 1,
	disturbedSeconds: 5,
	convergedSeconds: 9,
	rightWithin: 10,
	stored: 1,
	failed: 0,
	wrong: [],
};
const WRONG = { server: 'MCPServer/a', field: 'grace period', wanted: '45', found: '30', history: ['1.0 s {}'] };

const ROWS: Readonly<Record<string, readonly [Partial<Round>, RegExp | undefined]>> = {
	'right in time': [{}, undefined],
	'right as late as on a busy machine': [{ convergedSeconds: 29 }, undefined],
	'right too late': [{ convergedSeconds: 31 }, /^right after 31.0 s, where 10 are promised$/],
	'right in time for what takes longer': [{ convergedSeconds: 31, rightWithin: 30 }, undefined],
	'right too late for that': [{ convergedSeconds: 91, rightWithin: 30 }, /where 30 are promised/],
	'never met': [{ met: 0 }, /never met/],
	'could not be done': [{ error: 'no' }, /could not be done: no/],
	wrong: [{ wrong: [WRONG], convergedSeconds: 200 }, /^MCPServer\/a: grace period\n +wanted 45\n +found +30\n +1.0 s/],
};

describe('chaos: rounds', () => {
	for (const [name, [change, told]] of Object.entries(ROWS)) {
		it(name, () => {
			const broken = brokenIn({ ...GOOD, ...change });
			expect(broken).to.have.length(told === undefined ? 0 : 1);
			if (told !== undefined) expect(broken[0]).to.match(told);
		});
	}

	it('what each disturbance promises is in the table of the document, and the other way round', () => {
		const table = between(read('docs/reliability.md'), 'How long until everything is right', 'A round fails');
		const told = rowsOf(table).map(([, seconds]) => Number.parseInt(seconds ?? '', 10));
		const promised = new Set(DISTURBANCES.map(({ rightWithin }) => rightWithin));
		expect([...promised].sort()).to.deep.equal(told.sort());
	});
});
