import { expect } from 'chai';
import { describe, it } from 'mocha';
import { createDeadlines, DeadlinePassed, deadlineMs, within } from '../../../src/http/deadline.ts';

describe('http deadline', () => {
	const rows: readonly (readonly [string, number])[] = [
		['/mutate?timeout=5s', 4_000],
		['/mutate?timeout=30s', 24_000],
		['/mutate?timeout=0m1.5s', 1_200],
		// Nobody waits longer, and a timer of months would ring at once.
		['/mutate?timeout=1m30s', 24_000],
		['/mutate?timeout=1000h', 24_000],
		[`/mutate?timeout=${'9'.repeat(400)}h`, 24_000],
		['/mutate?timeout=500ms', 400],
		['/mutate?timeout=1.5s', 1_200],
		['/mutate?timeout=2s&x=1', 1_600],
		['/mutate?x=1&timeout=2s', 1_600],
		['/mutate?timeout=1000%C2%B5s', 0.8],
		// What is no positive duration counts as Kubernetes' default of ten seconds.
		['/mutate', 8_000],
		['/mutate?', 8_000],
		['/mutate?timeout=', 8_000],
		['/mutate?timeout=5', 8_000],
		['/mutate?timeout=0s', 8_000],
		['/mutate?timeout=-5s', 8_000],
		['/mutate?timeout=5sx', 8_000],
		['/mutate?timeout=%', 8_000],
		['/mutate?nottimeout=5s', 8_000],
	];
	for (const [url, expected] of rows) {
		it(`gives ${url} ${expected} ms`, () => expect(deadlineMs(url)).to.be.closeTo(expected, 1e-9));
	}

	it('gives every URL its own, in any order', () => {
		const deadlineOf = createDeadlines();
		for (const [url, expected] of [...rows, ...rows.toReversed()])
			expect(deadlineOf(url)).to.be.closeTo(expected, 1e-9);
	});

	it('hands what is there at once through as it is', () => expect(within(1, () => 'now')).to.equal('now'));

	it('hands what comes in time through', async () => expect(await within(5_000, async () => 'soon')).to.equal('soon'));

	it('hands a failure through', async () => {
		const failure = new Error('planted');
		const error: unknown = await Promise.resolve(within(5_000, () => Promise.reject(failure))).catch(
			(reason) => reason,
		);
		expect(error).to.equal(failure);
	});

	it('ends what takes too long, also where the time is already up', async () => {
		for (const limitMs of [20, 0, -1]) {
			let signalled: AbortSignal | undefined;
			const working = within(limitMs, (signal) => {
				signalled = signal;
				return new Promise(() => undefined);
			});
			const error: unknown = await Promise.resolve(working).catch((reason) => reason);
			expect(error).to.be.instanceOf(DeadlinePassed);
			expect(signalled?.aborted).to.equal(true);
		}
	});

	it('ends what may not wait, with the reason, and asks only of what waits', async () => {
		const reason = new Error('planted');
		const refuse = (): void => {
			throw reason;
		};
		let signalled: AbortSignal | undefined;
		const work = (signal: AbortSignal): Promise<never> => {
			signalled = signal;
			return new Promise(() => undefined);
		};
		const error: unknown = await Promise.resolve(within(5_000, work, refuse)).catch((thrown) => thrown);
		expect(error).to.equal(reason);
		expect(signalled?.aborted).to.equal(true);
		expect(within(5_000, () => 'now', refuse)).to.equal('now');
	});
});
