/** A mistake of ours is told from the lines that the servers really log. */
import { expect } from 'chai';
import { describe, it } from 'mocha';
import type { Json } from '../../src/api/types.ts';
import { ApiError } from '../../src/cluster/connect.ts';
import { startServing } from '../../test/harness/serving.ts';
import { createMistakes } from './mistakes.ts';

/** What the log says of a review that fails with `error`. */
async function linesOf(error: Error): Promise<Json[]> {
	const serving = await startServing({
		mutate: () => {
			throw error;
		},
	});
	await serving.ask();
	await serving.stop();
	return serving.lines.map((line) => JSON.parse(line) as Json);
}

describe('chaos: mistakes', () => {
	for (const Mistake of [TypeError, ReferenceError, RangeError, SyntaxError]) {
		it(`a review that fails with a ${Mistake.name} is one`, async () => {
			const mistakes = createMistakes();
			for (const said of await linesOf(new Mistake('planted'))) mistakes.hear(said);
			const [count, first, ...more] = mistakes.told();
			expect(count).to.equal('1 in all, the first of them:');
			// Where it was thrown: nobody can look at the process any more.
			expect(first).to.include('review failed').and.include('planted').and.include('mistakes.test.ts');
			expect(more).to.deep.equal([]);
		});
	}

	it('a look-up without an answer is none', async () => {
		const mistakes = createMistakes();
		for (const said of await linesOf(new ApiError('no answer', 500))) mistakes.hear(said);
		expect(mistakes.told()).to.deep.equal([]);
	});

	it('none is lost among thousands of other lines', async () => {
		const mistakes = createMistakes();
		const [one = {}] = (await linesOf(new TypeError('planted'))).filter(({ msg }) => msg === 'review failed');
		const [other = {}] = (await linesOf(new ApiError('no answer', 500))).filter(({ msg }) => msg === 'review failed');
		for (let count = 0; count < 10; count += 1) mistakes.hear(one);
		for (let count = 0; count < 5_000; count += 1) mistakes.hear(other);
		expect(mistakes.told()[0]).to.include('10 in all');
		expect(mistakes.told()).to.have.length(6);
	});
});
