import { expect } from 'chai';
import { createRevertBackoff, createSettleTimer } from '../../../src/reconciler/revert-backoff.ts';

describe('SettleTimer', () => {
	it('desired › unchanged for the settle time › 0 remains', () => {
		const timer = createSettleTimer(10_000);
		expect(timer.remainingMs('a', '3', 0)).to.equal(10_000);
		expect(timer.remainingMs('a', '3', 9_999)).to.equal(1);
		expect(timer.remainingMs('a', '3', 10_000)).to.equal(0);
	});

	it('desired › changed or forgotten › the settle time begins again', () => {
		const timer = createSettleTimer(10_000);
		timer.remainingMs('a', '3', 0);
		expect(timer.remainingMs('a', '4', 9_000)).to.equal(10_000);
		timer.forget('a');
		expect(timer.remainingMs('a', '4', 30_000)).to.equal(10_000);
	});
});

describe('RevertBackoff', () => {
	it('the same write again and again › 3 are free, then 1, 2, 4, at most 30 minutes', () => {
		const backoff = createRevertBackoff();
		const waits: number[] = [];
		let nowMs = 0;
		for (let write = 0; write < 10; write += 1) {
			const remainingMs = backoff.remainingMs('a', 'desired', nowMs);
			if (remainingMs > 0) waits.push(remainingMs / 60_000);
			nowMs += remainingMs;
			expect(backoff.remainingMs('a', 'desired', nowMs)).to.equal(0);
			backoff.record('a', 'desired', nowMs);
		}
		expect(waits).to.deep.equal([1, 2, 4, 8, 16, 30, 30]);
		expect(backoff.isReverted('a')).to.equal(true);
	});

	it('the same write every 10 minutes › not a revert', () => {
		const backoff = createRevertBackoff();
		for (let write = 0; write < 20; write += 1) {
			expect(backoff.remainingMs('a', 'desired', write * 600_000)).to.equal(0);
			backoff.record('a', 'desired', write * 600_000);
		}
		expect(backoff.isReverted('a')).to.equal(false);
	});

	it('another value each time › not a revert', () => {
		const backoff = createRevertBackoff();
		for (let write = 0; write < 10; write += 1) {
			expect(backoff.remainingMs('a', String(write), 0)).to.equal(0);
			backoff.record('a', String(write), 0);
		}
		expect(backoff.isReverted('a')).to.equal(false);
	});

	it('writes of one key › no delay for another', () => {
		const backoff = createRevertBackoff();
		for (let write = 0; write < 4; write += 1) backoff.record('a', 'desired', 0);
		expect(backoff.remainingMs('b', 'desired', 0)).to.equal(0);
	});
});
