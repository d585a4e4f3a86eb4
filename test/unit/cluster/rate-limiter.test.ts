import { expect } from 'chai';
import { createRateLimiter } from '../../../src/cluster/rate-limiter.ts';

describe('cluster rate limiter', () => {
	it('20 a minute are one every 3 s, and the first at once', () => {
		const limiter = createRateLimiter(20);
		expect(limiter.take(0)).to.equal(0);
		expect(limiter.take(0)).to.equal(3_000);
		expect(limiter.take(2_999)).to.equal(1);
		expect(limiter.take(3_000)).to.equal(0);
		expect(limiter.take(100_000)).to.equal(0);
		expect(limiter.take(100_000)).to.equal(3_000);
	});

	it('no minute sees more', () => {
		const limiter = createRateLimiter(20);
		let taken = 0;
		for (let nowMs = 0; nowMs < 60_000; nowMs += 10) if (limiter.take(nowMs) === 0) taken += 1;
		expect(taken).to.equal(20);
	});

	it('a burst at once, then the rate; what is not taken is refilled up to the burst', () => {
		const limiter = createRateLimiter(60, 3);
		const takeAll = (nowMs: number): number => {
			let taken = 0;
			while (limiter.take(nowMs) === 0) taken += 1;
			return taken;
		};
		expect(takeAll(0)).to.equal(3);
		expect(limiter.take(0)).to.equal(1_000);
		expect(takeAll(1_000)).to.equal(1);
		expect(takeAll(3_500)).to.equal(2);
		expect(takeAll(60_000)).to.equal(3);
	});
});
