import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { TooManyLookups } from '../../../src/api/errors.ts';
import { createLookupLimiter, type LookupLimiter } from '../../../src/cluster/lookups.ts';
import { createRateLimiter } from '../../../src/cluster/rate-limiter.ts';

const never = new AbortController().signal;
const uncached = (): undefined => undefined;
const failureOf = (promise: Promise<unknown>): Promise<unknown> => promise.catch((error: unknown) => error);

/** Creates a limiter that allows `available` look-ups to start immediately. */
const make = (max: number, available: number, perSecond = 0.001): LookupLimiter => {
	const rate = createRateLimiter(perSecond * 60, Math.max(available, 1));
	if (available === 0) rate.take(performance.now());
	return createLookupLimiter(max, rate);
};

describe('look-ups', () => {
	it('a rate of 20 a minute › the first at once, then one every 3 s', () =>
		expect([0, 0, 2_999, 3_000, 100_000, 100_000].map(createRateLimiter(20).take).join()).to.equal(
			'0,3000,1,0,0,3000',
		));

	it('more than the burst › the first at once, then at the rate, the newest first', async () => {
		const { lookUp } = make(10, 1, 10);
		const order: number[] = [];
		const startedMs = performance.now();
		await Promise.all([1, 2, 3].map((one) => lookUp(uncached, async () => order.push(one), never)));
		expect(order).to.deep.equal([1, 3, 2]);
		expect(performance.now() - startedMs).to.be.above(150);
	});

	it('no rate is set › 100 at once', () => {
		const { lookUp } = createLookupLimiter(1_000);
		let started = 0;
		const request = async (): Promise<number> => (started += 1);
		for (let count = 0; count < 200; count += 1) void lookUp(uncached, request, never);
		// One more starts every 50 ms.
		expect(started).to.be.within(100, 120);
	});

	it('too many wait › the one that has waited longest is rejected', async () => {
		const { lookUp } = make(2, 0);
		const [oldest, ...others] = [1, 2, 3].map(() => failureOf(lookUp(uncached, async () => 'never', never)));
		expect(await oldest).to.be.instanceOf(TooManyLookups);
		expect(await Promise.race([...others, sleep(20, 'waiting')])).to.equal('waiting');
	});

	it('slow requests › no more than the maximum run in parallel', async () => {
		const { lookUp } = make(2, 10);
		const running: number[] = [];
		let count = 0;
		const request = async (): Promise<void> => {
			running.push(++count);
			await sleep(20);
			count -= 1;
		};
		const first = [1, 2].map(() => lookUp(uncached, request, never));
		await Promise.all([...first, ...[3, 4].map(() => lookUp(uncached, request, never))]);
		expect(running).to.deep.equal([1, 2, 2, 2]);
	});

	it('the signal aborts › a waiting look-up is rejected; a request fails › its error', async () => {
		const [timeout, failure] = [new Error('time is up'), new Error('planted')];
		const controller = new AbortController();
		const waiting = failureOf(make(10, 0).lookUp(uncached, async () => 'never', controller.signal));
		controller.abort(timeout);
		expect(await waiting).to.equal(timeout);
		expect(await failureOf(make(10, 10).lookUp(uncached, () => Promise.reject(failure), never))).to.equal(failure);
	});
});
