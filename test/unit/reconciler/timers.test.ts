import { expect } from 'chai';
import { createRevertBackoff, createSettleTimer } from '../../../src/reconciler/timers.ts';

describe('SettleTimer', () => {
	it('unchanged › the remaining settle time; changed or forgotten › the whole settle time', () => {
		const timer = createSettleTimer(10_000);
		const remaining = (desired: string, nowMs: number): number => timer.remainingMs('a', desired, nowMs);
		expect([remaining('3', 0), remaining('3', 9_999), remaining('3', 10_000)]).to.deep.equal([10_000, 1, 0]);
		expect(remaining('4', 19_000)).to.equal(10_000);
		timer.forget('a');
		expect(remaining('4', 30_000)).to.equal(10_000);
	});
});

describe('RevertBackoff', () => {
	/** Returns how many minutes each write in `values` has to wait, with a pause between two writes. */
	const write = (values: readonly string[], pauseMs: number) => {
		const backoff = createRevertBackoff();
		let nowMs = 0;
		const waits = values.map((desired) => {
			const remainingMs = backoff.remainingMs('a', desired, nowMs);
			nowMs += remainingMs;
			expect(backoff.remainingMs('a', desired, nowMs)).to.equal(0);
			backoff.record('a', desired, nowMs);
			expect(backoff.remainingMs('b', desired, nowMs), 'another key').to.equal(0);
			nowMs += pauseMs;
			return remainingMs / 60_000;
		});
		return { waits, isReverted: backoff.isReverted('a') };
	};
	for (const [title, values, pauseMs, waits, isReverted] of [
		[
			'the same write › 3 at once, then after 1, 2, 4 … 30 minutes',
			Array(10).fill('x'),
			0,
			[0, 0, 0, 1, 2, 4, 8, 16, 30, 30],
			true,
		],
		['the same write every 10 minutes › not a revert', Array(10).fill('x'), 600_000, Array(10).fill(0), false],
		['another value each time › not a revert', [...'abcdefghij'], 0, Array(10).fill(0), false],
		['three times the same write › not a revert yet', Array(3).fill('x'), 0, [0, 0, 0], false],
	] as const) {
		it(title, () => expect(write(values, pauseMs)).to.deep.equal({ waits, isReverted }));
	}
});
