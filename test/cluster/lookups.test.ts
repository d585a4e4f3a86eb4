import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { afterEach, describe, it } from 'mocha';
import { createLookupLimiter, type LookupLimiter, TooManyLookups } from '../../src/cluster/lookups.ts';
import { until } from '../http/until.ts';

const never = new AbortController().signal;
const unknown = (): undefined => undefined;

describe('cluster look-ups', () => {
	let lookups: LookupLimiter | undefined;
	afterEach(() => lookups?.stop());
	const make = (most: number, burst: number, perSecond: number): LookupLimiter => {
		lookups = createLookupLimiter(most, burst, perSecond);
		return lookups;
	};

	it('asks at once as long as there are few', async () => {
		const { look } = make(10, 2, 0.001);
		expect(await look(unknown, async () => 'first', never)).to.equal('first');
		expect(await look(unknown, async () => 'second', never)).to.equal('second');
	});

	it('asks so often and not more, the newest first', async () => {
		const { look } = make(10, 1, 10);
		const order: number[] = [];
		const startedMs = performance.now();
		await Promise.all([1, 2, 3].map((one) => look(unknown, async () => order.push(one), never)));
		expect(order).to.deep.equal([1, 3, 2]);
		expect(performance.now() - startedMs).to.be.above(150);
	});

	it('one that waits is answered as soon as its server is known, and asks nobody', async () => {
		const { look, learned } = make(10, 0, 0.001);
		let known: string | undefined;
		const looking = look(
			() => known,
			() => Promise.reject(new Error('asked')),
			never,
		);
		learned();
		known = 'from the watch';
		learned();
		expect(await looking).to.equal('from the watch');
	});

	it('of too many the one that waits longest gives way', async () => {
		const { look } = make(2, 0, 0.001);
		const oldest = look(unknown, async () => 'never', never).catch((error: unknown) => error);
		const others = [1, 2].map(() => look(unknown, async () => 'never', never));
		expect(await oldest).to.be.instanceOf(TooManyLookups);
		expect(await Promise.race([...others, sleep(20, 'waiting')])).to.equal('waiting');
	});

	it('asks no more at one time than may be', async () => {
		const { look } = make(2, 10, 100);
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
		const looking = [1, 2, 3, 4].map(() => look(unknown, ask, never));
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

	it('one whose time is up waits no longer', async () => {
		const { look } = make(10, 0, 0.001);
		const controller = new AbortController();
		const looking = look(unknown, async () => 'never', controller.signal).catch((error: unknown) => error);
		controller.abort(new Error('time is up'));
		expect(await looking).to.have.property('message', 'time is up');
	});

	it('hands a failure through', async () => {
		const { look } = make(10, 10, 10);
		const failure = new Error('planted');
		expect(await look(unknown, () => Promise.reject(failure), never).catch((error: unknown) => error)).to.equal(
			failure,
		);
	});
});
