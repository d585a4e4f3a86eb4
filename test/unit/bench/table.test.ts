import { expect } from 'chai';
import { describe, it } from 'mocha';
import { table } from '../../../endurance/bench/table.ts';

describe('tables', () => {
	it('are Markdown', () => {
		const text = table([
			{ a: 1, 'b c': 'x' },
			{ a: 2, 'b c': 'y' },
		]);
		expect(text).to.equal('| a | b c |\n|---|---|\n| 1 | x |\n| 2 | y |');
	});
	it('want every cell: what was recorded before a column was there is measured anew', () => {
		const old = { a: undefined } as unknown as Record<string, number>;
		expect(() => table([old])).to.throw('bench: a row without "a"; measure that part anew');
	});
});
