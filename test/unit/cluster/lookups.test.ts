import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { createLookupLimiter, type LookupLimiter, TooManyLookups } from '../../../src/cluster/lookups.ts';
import { createRateLimiter } from '../../../src/cluster/rate-limiter.ts';
import { until } from '../../harness/until.ts';

const never = new AbortController().signal;
const uncached = (): undefined => undefined;

/** `available` may start at once. */
const make = (max: number, available: number, perSecond: number): LookupLimiter => {
	const rate = createRateLimiter(perSecond * 60, Math.max(available, 1));
	if (available === 0) rate.take(performance.now());
	return createLookupLimiter(max, rate);
};

describe('cluster look-ups', () => {
	it('fewer than the burst › requested at once', async () => {
		const { lookUp } = make(10, 2, 0.001);
		expect(await lookUp(uncached, async () => 'first', never)).to.equal('first');
		expect(await lookUp(uncached, async () => 'second', never)).to.equal('second');
	});

	it('more than the burst › requested at the rate, the newest first', async () => {
		const { lookUp } = make(10, 1, 10);
		const order: number[] = [];
		const startedMs = performance.now();
		await Promise.all([1, 2, 3].map((one) => lookUp(uncached, async () => order.push(one), never)));
		expect(order).to.deep.equal([1, 3, 2]);
		expect(performance.now() - startedMs).to.be.above(150);
	});

	it('the server gets into the cache › a waiting look-up ends without a request', async () => {
		const { lookUp, recheck } = make(10, 0, 0.001);
		let known: string | undefined;
		const looking = lookUp(
			() => known,
			() => Promise.reject(new Error('asked')),
			never,
		);
		recheck();
		known = 'from the watch';
		recheck();
		expect(await looking).to.equal('from the watch');
	});

	it('too many wait › the one that has waited longest is rejected', async () => {
		const { lookUp } = make(2, 0, 0.001);
		const oldest = lookUp(uncached, async () => 'never', never).catch((error: unknown) => error);
		const others = [1, 2].map(() => lookUp(uncached, async () => 'never', never));
		expect(await oldest).to.be.instanceOf(TooManyLookups);
		expect(await Promise.race([...others, sleep(20, 'waiting')])).to.equal('waiting');
	});

	it('requests that take long › no more than the maximum at one time', async () => {
		const { lookUp } = make(2, 10, 100);
		let running = 0;
		let most = 0;
		const asks: (() => void)[] = [];
		const ask = async (): Promise<string> => {
			running += 1;
			most = Math.max(most, running);
			await new Promise<void>((resolve) => asks.push(resolve));
			running -= 1;
			return 'done';
		};
		const looking = [1, 2, 3, 4].map(() => lookUp(uncached, ask, never));
		await until(() => asks.length === 2);
		await sleep(30);
		expect(running).to.equal(2);
		for (let done = 0; done < 4; done += 1) {
			await until(() => asks.length > done);
			asks[done]?.();
		}
		expect(await Promise.all(looking)).to.deep.equal(Array(4).fill('done'));
		expect(most).to.equal(2);
	});

	it('the signal ends › a waiting look-up is rejected', async () => {
		const { lookUp } = make(10, 0, 0.001);
		const controller = new AbortController();
		const looking = lookUp(uncached, async () => 'never', controller.signal).catch((error: unknown) => error);
		controller.abort(new Error('time is up'));
		expect(await looking).to.have.property('message', 'time is up');
	});

	it('a request that fails › its error', async () => {
		const { lookUp } = make(10, 10, 10);
		const failure = new Error('planted');
		expect(await lookUp(uncached, () => Promise.reject(failure), never).catch((error: unknown) => error)).to.equal(
			failure,
		);
	});
});
