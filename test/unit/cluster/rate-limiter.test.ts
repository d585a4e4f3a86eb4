import { expect } from 'chai';
import { createRateLimiter } from '../../../src/cluster/rate-limiter.ts';

describe('rate limiter', () => {
	it('20 a minute › the first at once, then one every 3 s, and no more in any minute', () => {
		const limiter = createRateLimiter(20);
		expect([0, 0, 2_999, 3_000, 100_000, 100_000].map(limiter.take)).to.deep.equal([0, 3_000, 1, 0, 0, 3_000]);
		const everyTen = Array.from({ length: 6_000 }, (_, index) => 200_000 + index * 10);
		expect(everyTen.filter((nowMs) => limiter.take(nowMs) === 0)).to.have.length(20);
	});

	it('a burst of 3 › at once, then at the rate; unused actions accumulate up to the burst', () => {
		const limiter = createRateLimiter(60, 3);
		const takeAll = (nowMs: number): number => {
			let taken = 0;
			while (limiter.take(nowMs) === 0) taken += 1;
			return taken;
		};
		expect(takeAll(0)).to.equal(3);
		expect(limiter.take(0)).to.equal(1_000);
		expect([1_000, 3_500, 60_000].map(takeAll)).to.deep.equal([1, 2, 3]);
	});
});
