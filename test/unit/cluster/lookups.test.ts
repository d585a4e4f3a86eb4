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
	it('more than the burst › the first at once, then at the rate, the newest first', async () => {
		const { lookUp } = make(10, 1, 10);
		const order: number[] = [];
		const startedMs = performance.now();
		await Promise.all([1, 2, 3].map((one) => lookUp(uncached, async () => order.push(one), never)));
		expect(order).to.deep.equal([1, 3, 2]);
		expect(performance.now() - startedMs).to.be.above(150);
	});

	it('the server is added to the cache › a waiting look-up ends without a request', async () => {
		const { lookUp, recheck } = make(10, 0);
		let known: string | undefined;
		const waiting = lookUp(
			() => known,
			() => Promise.reject(new Error('requested')),
			never,
		);
		recheck();
		known = 'from the watch';
		recheck();
		expect(await waiting).to.equal('from the watch');
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
		const request = async (): Promise<string> => {
			count += 1;
			running.push(count);
			await sleep(20);
			count -= 1;
			return 'done';
		};
		const first = [1, 2].map(() => lookUp(uncached, request, never));
		const waiting = [3, 4].map(() => lookUp(uncached, request, never));
		expect(await Promise.all([...first, ...waiting])).to.deep.equal(Array(4).fill('done'));
		expect(running).to.deep.equal([1, 2, 2, 2]);
	});

	it('the signal aborts › a waiting look-up is rejected', async () => {
		const controller = new AbortController();
		const waiting = failureOf(make(10, 0).lookUp(uncached, async () => 'never', controller.signal));
		controller.abort(new Error('time is up'));
		expect(await waiting).to.have.property('message', 'time is up');
	});

	it('a request fails › its error', async () => {
		const failure = new Error('planted');
		expect(await failureOf(make(10, 10).lookUp(uncached, () => Promise.reject(failure), never))).to.equal(failure);
	});
});
