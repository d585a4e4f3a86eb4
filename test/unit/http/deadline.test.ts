import { setImmediate } from 'node:timers/promises';
import { expect } from 'chai';
import { createDeadlines, DeadlinePassed, deadlineMs, within } from '../../../src/http/deadline.ts';

describe('deadlines', () => {
	const deadlineOf = createDeadlines();
	for (const [url, expected] of [
		['/mutate?timeout=5s', 4_000],
		['/mutate?timeout=0m1.5s', 1_200],
		// No API server waits longer. Node fires a timer of several months immediately.
		['/mutate?timeout=1m30s', 24_000],
		['/mutate?timeout=1000h', 24_000],
		[`/mutate?timeout=${'9'.repeat(400)}h`, 24_000],
		['/mutate?timeout=500ms', 400],
		['/mutate?x=1&timeout=2s&y', 1_600],
		['/mutate?timeout=1000%C2%B5s', 0.8],
		// Any value that is not a positive duration counts as the Kubernetes default of ten seconds.
		...['', ...'?timeout=5 ?timeout=0s ?timeout=-5s ?timeout=5sx ?timeout=% ?nottimeout=5s'.split(' ')].map(
			(query) => [`/mutate${query}`, 8_000] as const,
		),
	] as const) {
		it(`${url.slice(0, 40)} › ${expected} ms`, () => {
			for (const deadline of [deadlineMs(url), deadlineOf(url), deadlineOf(url)])
				expect(deadline).to.be.closeTo(expected, 1e-9);
		});
	}
});

describe('within', () => {
	let signal: AbortSignal | undefined;
	const never = (given: AbortSignal): Promise<never> => {
		signal = given;
		return new Promise(() => undefined);
	};
	const failure = new Error('planted');
	const refuse = (): never => {
		throw failure;
	};
	const reasonOf = (working: unknown): Promise<unknown> => Promise.resolve(working).catch((reason) => reason);

	it('the result is available at once › returned without a promise, even if it may not wait', () =>
		expect(within(5_000, () => 'now', refuse)).to.equal('now'));
	it('a promise that resolves › its result, and no timer is left', async () => {
		const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
		await setImmediate(); // Mocha has then started its own timer.
		const timersBefore = timers();
		expect(await within(5_000, async () => 'soon')).to.equal('soon');
		await setImmediate();
		expect(timers()).to.be.at.most(timersBefore);
	});
	it('a promise that rejects › its error', async () =>
		expect(await reasonOf(within(5_000, async () => refuse()))).to.equal(failure));
	for (const limitMs of [20, -1]) {
		it(`a promise that takes longer than ${limitMs} ms › DeadlinePassed, and the signal is aborted`, async () => {
			expect(await reasonOf(within(limitMs, never))).to.be.instanceOf(DeadlinePassed);
			expect(signal?.aborted).to.equal(true);
		});
	}
	it('a promise that may not wait › the reason, and the signal is aborted', async () => {
		expect(await reasonOf(within(5_000, never, refuse))).to.equal(failure);
		expect(signal?.aborted).to.equal(true);
	});
});
