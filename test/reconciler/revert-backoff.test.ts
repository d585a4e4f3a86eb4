import { expect } from 'chai';
import { createRevertBackoff, createSettleTimer } from '../../src/reconciler/revert-backoff.ts';

describe('standing', () => {
	it('a wish must stand for the whole time', () => {
		const standing = createSettleTimer(10_000);
		expect(standing.left('a', '3', 0)).to.equal(10_000);
		expect(standing.left('a', '3', 9_999)).to.equal(1);
		expect(standing.left('a', '3', 10_000)).to.equal(0);
	});

	it('another wish begins anew, and so does a forgotten one', () => {
		const standing = createSettleTimer(10_000);
		standing.left('a', '3', 0);
		expect(standing.left('a', '4', 9_000)).to.equal(10_000);
		standing.forget('a');
		expect(standing.left('a', '4', 30_000)).to.equal(10_000);
	});
});

describe('patience', () => {
	it('lets a few writes pass, then waits a minute, two, four, at most half an hour', () => {
		const patience = createRevertBackoff();
		const waits: number[] = [];
		let nowMs = 0;
		for (let write = 0; write < 10; write += 1) {
			const leftMs = patience.left('a', 'wish', nowMs);
			if (leftMs > 0) waits.push(leftMs / 60_000);
			nowMs += leftMs;
			expect(patience.left('a', 'wish', nowMs)).to.equal(0);
			patience.note('a', 'wish', nowMs);
		}
		expect(waits).to.deep.equal([1, 2, 4, 8, 16, 30, 30]);
		expect(patience.isReverted('a')).to.equal(true);
	});

	it('writes that are far apart are no fight', () => {
		const patience = createRevertBackoff();
		for (let write = 0; write < 20; write += 1) {
			expect(patience.left('a', 'wish', write * 600_000)).to.equal(0);
			patience.note('a', 'wish', write * 600_000);
		}
		expect(patience.isReverted('a')).to.equal(false);
	});

	it('another wish is another story', () => {
		const patience = createRevertBackoff();
		for (let write = 0; write < 10; write += 1) {
			expect(patience.left('a', String(write), 0)).to.equal(0);
			patience.note('a', String(write), 0);
		}
		expect(patience.isReverted('a')).to.equal(false);
	});

	it('keys do not know each other', () => {
		const patience = createRevertBackoff();
		for (let write = 0; write < 4; write += 1) patience.note('a', 'wish', 0);
		expect(patience.left('b', 'wish', 0)).to.equal(0);
	});
});
