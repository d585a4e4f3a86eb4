/** Tests the work queue with real time and short delays. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { createQueue, type QueueOptions } from '../../../src/reconciler/queue.ts';

/** Returns a queue whose work takes 5 ms, and a record of keys, parallel runs and retry delays. */
function harness(work: QueueOptions['work'] = async () => undefined, options: Partial<QueueOptions> = {}) {
	const did = { keys: [] as string[], running: [] as number[], retries: [] as number[] };
	let running = 0;
	const queue = createQueue({
		work: async (key, signal) => {
			running += 1;
			did.running.push(running);
			did.keys.push(key);
			try {
				await sleep(5);
				return await work(key, signal);
			} finally {
				running -= 1;
			}
		},
		onFailure: (_key, _error, retryMs) => did.retries.push(retryMs),
		firstBackoffMs: 10,
		longestBackoffMs: 50,
		random: () => 1,
		...options,
	});
	const idle = async (): Promise<void> => {
		while (queue.size() > 0) await sleep(2);
	};
	return { queue, did, idle };
}
const fail = (): never => {
	throw new Error('planted');
};

describe('queue', () => {
	for (const [title, keys, more, workers, ran, running] of [
		['a key that is added while it runs › one more run, not at the same time', 'a', 'aaaa', 2, 'aa', [1, 1]],
		['a key that waits is added again › one run', 'abaab', '', 1, 'ab', [1, 1]],
		['many keys › as many run at one time as there are workers', 'abcde', '', 2, 'abcde', [1, 2, 2, 2, 2]],
	] as const) {
		it(title, async () => {
			const { queue, did, idle } = harness(undefined, { workers });
			for (const key of keys) queue.add(key);
			await sleep(1);
			for (const key of more) queue.add(key);
			await idle();
			expect([did.keys.join(''), did.running]).to.deep.equal([ran, running]);
		});
	}

	it('a key fails › the delay doubles up to its limit, and other keys are not delayed', async () => {
		const { queue, did, idle } = harness(
			async (key) => (key === 'bad' && did.retries.length < 5 ? fail() : undefined),
			{ workers: 1 },
		);
		for (const key of ['bad', 'a', 'b', 'c']) queue.add(key);
		await idle();
		expect(did.retries).to.deep.equal([10, 20, 40, 50, 50]);
		expect(did.keys.slice(0, 4)).to.deep.equal(['bad', 'a', 'b', 'c']);
	});

	it('a failing key is added again and again › its retry is not delayed any further', async () => {
		let isBroken = true;
		const { queue, did, idle } = harness(async () => (isBroken ? fail() : undefined), {
			firstBackoffMs: 100,
			longestBackoffMs: 300_000,
		});
		for (let count = 0; count < 8; count += 1) {
			queue.add('a');
			await sleep(10);
		}
		expect(did.keys).to.have.length.at.least(7);
		isBroken = false;
		const startMs = performance.now();
		await idle();
		expect(performance.now() - startMs).to.be.lessThan(250);
	});

	it('a run succeeds › the next failure has the first delay again', async () => {
		const { queue, did, idle } = harness(async () => {
			if (did.keys.length === 1 || did.keys.length === 3) return fail();
			return did.keys.length === 2 ? { requeueAfterMs: 1 } : undefined;
		});
		queue.add('a');
		await idle();
		expect(did.retries).to.deep.equal([10, 10]);
	});

	it('several delays for one key › the shortest', async () => {
		const { queue, did, idle } = harness();
		const startMs = performance.now();
		for (const delayMs of [10_000, 20, 5_000]) queue.add('a', delayMs);
		await idle();
		expect(performance.now() - startMs).to.be.within(15, 2_000);
		expect(did.keys).to.deep.equal(['a']);
	});

	it('stop › waiting keys are dropped, the running one is aborted and waited for', async () => {
		let isAborted = false;
		const work: QueueOptions['work'] = async (_key, signal) => {
			await sleep(10_000, undefined, { signal }).catch(() => undefined);
			isAborted = signal.aborted;
			return undefined;
		};
		const { queue } = harness(work, { workers: 1 });
		queue.add('a');
		queue.add('b');
		queue.add('c', 10_000);
		await sleep(10);
		expect(queue.size(), 'one runs, one is ready, one is delayed').to.equal(3);
		await queue.stop();
		expect(isAborted).to.equal(true);
		queue.add('d');
		expect(queue.size()).to.equal(0);
	});
});
