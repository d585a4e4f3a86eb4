import { expect } from 'chai';
import { createRateLimiter } from '../../../src/cluster/rate-limiter.ts';

describe('rate limiter', () => {
	it('20 a minute › the first at once, then one every 3 s', () =>
		expect([0, 0, 2_999, 3_000, 100_000, 100_000].map(createRateLimiter(20).take)).to.deep.equal([
			...[0, 3_000, 1, 0, 0, 3_000],
		]));

	it('a burst of 3 › at once, then at the rate; unused actions accumulate up to the burst', () => {
		const limiter = createRateLimiter(60, 3);
		const takeAll = (nowMs: number): number => {
			let taken = 0;
			while (limiter.take(nowMs) === 0) taken += 1;
			return taken;
		};
		expect([0, 1_000, 3_500, 60_000].map(takeAll)).to.deep.equal([3, 1, 2, 3]);
	});
});
