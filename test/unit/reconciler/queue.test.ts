/** The work queue, with the event loop's own time and short delays. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { createQueue } from '../../../src/reconciler/queue.ts';

const noFailure = (): void => undefined;

describe('queue', () => {
	it('one key at a time: what comes meanwhile makes one more pass, not several', async () => {
		let atWork = 0;
		let most = 0;
		let passes = 0;
		const queue = createQueue({
			work: async () => {
				atWork += 1;
				most = Math.max(most, atWork);
				passes += 1;
				await sleep(20);
				atWork -= 1;
				return undefined;
			},
			onFailure: noFailure,
		});
		queue.add('a');
		await sleep(5);
		for (let count = 0; count < 10; count += 1) queue.add('a');
		await idle(queue);
		expect({ most, passes }).to.deep.equal({ most: 1, passes: 2 });
	});

	it('no duplicates: a key that waits is one pass', async () => {
		const seen: string[] = [];
		const queue = createQueue({
			work: async (key) => {
				seen.push(key);
				return undefined;
			},
			onFailure: noFailure,
		});
		for (const key of ['a', 'b', 'a', 'a', 'b']) queue.add(key);
		await idle(queue);
		expect(seen).to.deep.equal(['a', 'b']);
	});

	it('many keys › as many passes at one time as there are workers, and no more', async () => {
		let atWork = 0;
		const seen: number[] = [];
		const queue = createQueue({
			work: async () => {
				atWork += 1;
				seen.push(atWork);
				await sleep(5);
				atWork -= 1;
				return undefined;
			},
			onFailure: noFailure,
			workers: 2,
		});
		for (const key of ['a', 'b', 'c', 'd', 'e']) queue.add(key);
		await idle(queue);
		expect(seen).to.deep.equal([1, 2, 2, 2, 2]);
	});

	it('a failing key backs off, doubling to its limit, and delays nobody', async () => {
		const retries: number[] = [];
		const done: string[] = [];
		const queue = createQueue({
			work: async (key) => {
				if (key === 'bad' && retries.length < 5) throw new Error('no');
				done.push(key);
				return undefined;
			},
			onFailure: (_key, _error, retryMs) => retries.push(retryMs),
			workers: 1,
			firstBackoffMs: 10,
			longestBackoffMs: 50,
			random: () => 1,
		});
		queue.add('bad');
		for (const key of ['a', 'b', 'c']) queue.add(key);
		await idle(queue);
		expect(retries).to.deep.equal([10, 20, 40, 50, 50]);
		expect(done).to.deep.equal(['a', 'b', 'c', 'bad']);
	});

	it('a key that is changed again and again while it fails is retried when it was to be, and not ever later', async () => {
		let isBroken = true;
		let passes = 0;
		const queue = createQueue({
			work: async () => {
				passes += 1;
				if (isBroken) throw new Error('no');
				return undefined;
			},
			onFailure: noFailure,
			firstBackoffMs: 100,
			random: () => 1,
		});
		for (let count = 0; count < 8; count += 1) {
			queue.add('a');
			await sleep(10);
		}
		expect(passes).to.be.at.least(8);
		isBroken = false;
		const mendedMs = performance.now();
		await idle(queue);
		expect(performance.now() - mendedMs).to.be.lessThan(250);
	});

	it('a pass that succeeded forgets its failures', async () => {
		const retries: number[] = [];
		let pass = 0;
		const queue = createQueue({
			work: async () => {
				pass += 1;
				if (pass === 1 || pass === 3) throw new Error('no');
				return pass === 2 ? { requeueAfterMs: 1 } : undefined;
			},
			onFailure: (_key, _error, retryMs) => retries.push(retryMs),
			firstBackoffMs: 10,
			random: () => 1,
		});
		queue.add('a');
		await idle(queue);
		expect(retries).to.deep.equal([10, 10]);
	});

	it('keeps the earliest of several times', async () => {
		const startedMs = performance.now();
		let ranMs = 0;
		const queue = createQueue({
			work: async () => {
				ranMs = performance.now() - startedMs;
				return undefined;
			},
			onFailure: noFailure,
		});
		queue.add('a', 10_000);
		queue.add('a', 20);
		queue.add('a', 5_000);
		await idle(queue);
		expect(ranMs).to.be.within(15, 2_000);
	});

	it('stop forgets what waits, aborts what works, and waits for it', async () => {
		let isAborted = false;
		const queue = createQueue({
			work: async (_key, signal) => {
				await sleep(10_000, undefined, { signal }).catch(() => undefined);
				isAborted = signal.aborted;
				return undefined;
			},
			onFailure: noFailure,
			workers: 1,
		});
		queue.add('a');
		queue.add('b');
		queue.add('c', 10_000);
		await sleep(5);
		expect(queue.size(), 'one works, one is ready, one comes later').to.equal(3);
		await queue.stop();
		expect(isAborted).to.equal(true);
		expect(queue.size()).to.equal(0);
		queue.add('d');
		expect(queue.size()).to.equal(0);
	});
});

async function idle(queue: { size(): number }): Promise<void> {
	while (queue.size() > 0) await sleep(2);
}
