/** Leader election over a Lease in memory that behaves as an API server's would: 404, 409, and delays. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import type { Json } from '../../../src/api/types.ts';
import { ApiError, type Connection } from '../../../src/cluster/connect.ts';
import {
	type LeaderContext,
	type LeaderElectionOptions,
	runLeaderElection,
} from '../../../src/cluster/leader-election.ts';
import { later } from '../../harness/later.ts';

const TIMING = { leaseMs: 800, renewMs: 500, retryMs: 100 };

interface Record {
	readonly connection: Pick<Connection, 'get' | 'send'>;
	lease: Json | undefined;
	delayMs: number;
	isBroken: boolean;
}

function createRecord(): Record {
	let version = 0;
	const record: Record = {
		lease: undefined,
		delayMs: 0,
		isBroken: false,
		connection: {
			get: async () => {
				await sleep(record.delayMs);
				if (record.isBroken) throw new ApiError('500', 500);
				if (record.lease === undefined) throw new ApiError('404', 404);
				return record.lease;
			},
			send: async (_method, _path, body) => {
				await sleep(record.delayMs);
				if (record.isBroken) throw new ApiError('500', 500);
				const sent = body as Json;
				const { resourceVersion } = sent['metadata'] as Json;
				const stored = (record.lease?.['metadata'] ?? {}) as Json;
				if (resourceVersion !== stored['resourceVersion']) throw new ApiError('409', 409);
				version += 1;
				record.lease = { ...sent, metadata: { ...(sent['metadata'] as Json), resourceVersion: String(version) } };
				return record.lease;
			},
		},
	};
	return record;
}

const specOf = (record: Record): Json => (record.lease?.['spec'] ?? {}) as Json;
const holderOf = (record: Record): unknown => specOf(record)['holderIdentity'];

/** A candidate that notes when it leads. */
function candidate(record: Record, identity: string, more: Partial<LeaderElectionOptions> = {}) {
	const stopping = new AbortController();
	const troubles: string[] = [];
	const state = { leads: 0, isLeading: false, term: undefined as LeaderContext | undefined };
	const running = runLeaderElection(
		{
			connection: record.connection,
			namespace: 'ours',
			name: 'lease',
			identity,
			lead: async (term) => {
				state.leads += 1;
				state.term = term;
				await new Promise((resolve) => term.signal.addEventListener('abort', resolve, { once: true }));
			},
			onChange: (isLeading) => {
				state.isLeading = isLeading;
			},
			warn: (message) => void troubles.push(message),
			timing: TIMING,
			...more,
		},
		stopping.signal,
	);
	const stop = async (): Promise<void> => {
		stopping.abort();
		await running;
	};
	return { state, troubles, stop, stopping, running };
}

async function until(isTrue: () => boolean, withinMs = 5_000): Promise<void> {
	const deadlineMs = performance.now() + withinMs;
	while (!isTrue()) {
		if (performance.now() > deadlineMs) throw new Error('did not come true');
		await sleep(5);
	}
}

describe('lease', () => {
	it('one of two leads; given up, the other leads before the Lease would have ended', async () => {
		const record = createRecord();
		const first = candidate(record, 'first');
		await until(() => first.state.isLeading);
		const second = candidate(record, 'second');
		await sleep(2 * TIMING.leaseMs);
		expect(second.state.leads).to.equal(0);
		await first.stop();
		expect(holderOf(record)).to.equal('');
		await until(() => second.state.isLeading, TIMING.leaseMs - 50);
		await second.stop();
	});

	it('a holder that is gone is believed for one whole Lease by our own clock', async () => {
		const record = createRecord();
		record.lease = {
			metadata: { resourceVersion: '7' },
			spec: { holderIdentity: 'gone', renewTime: '1999-01-01T00:00:00.000000Z' },
		};
		const startedMs = performance.now();
		const next = candidate(record, 'next');
		await until(() => next.state.isLeading);
		expect(performance.now() - startedMs).to.be.at.least(TIMING.leaseMs);
		expect(specOf(record)['leaseTransitions']).to.equal(1);
		await next.stop();
	});

	it('a leader that cannot renew ends its term before anybody could take over, and campaigns again', async () => {
		const record = createRecord();
		const first = candidate(record, 'first');
		await until(() => first.state.isLeading);
		record.isBroken = true;
		const brokenMs = performance.now();
		await until(() => !first.state.isLeading);
		expect(performance.now() - brokenMs).to.be.lessThan(TIMING.leaseMs);
		expect(first.state.term?.signal.aborted).to.equal(true);
		expect(() => first.state.term?.assertLeading()).to.throw('not leading any more');
		record.isBroken = false;
		await until(() => first.state.isLeading);
		expect(first.state.leads).to.equal(2);
		expect(first.troubles).to.deep.equal(['lease cannot be taken or renewed', 'lease recovered']);
		await first.stop();
	});

	it('a term is counted from the question, however late the answer comes, the first time and later', async () => {
		const record = createRecord();
		const timing = { leaseMs: 3_000, renewMs: 2_000, retryMs: 100 };
		const lateMs = 900;
		let [storedMs, endedMs, sent] = [0, 0, 0];
		for (const lateAt of [1, 2]) {
			[storedMs, endedMs, sent] = [0, 0, 0];
			record.lease = undefined;
			record.isBroken = false;
			const late: Record['connection'] = {
				get: record.connection.get,
				send: async (...question) => {
					const stored = await record.connection.send(...question);
					sent += 1;
					if (sent !== lateAt) return stored;
					storedMs = performance.now();
					await sleep(lateMs);
					record.isBroken = true;
					return stored;
				},
			};
			const one = candidate(record, 'one', {
				connection: late,
				timing,
				onChange: (isLeading) => {
					if (!isLeading) endedMs = performance.now();
				},
			});
			await until(() => endedMs > storedMs && storedMs > 0);
			expect(endedMs - storedMs, `answer ${lateAt} is late`).to.be.below(timing.renewMs + lateMs / 2);
			await one.stop();
		}
	});

	it('a Lease that somebody else holds now ends the term at the next look', async () => {
		const record = createRecord();
		const first = candidate(record, 'first');
		await until(() => first.state.isLeading);
		record.lease = { ...record.lease, spec: { ...specOf(record), holderIdentity: 'thief' } };
		await until(() => !first.state.isLeading, 3 * TIMING.retryMs);
		await first.stop();
		expect(holderOf(record)).to.equal('thief');
	});

	it('told to end while it is winning: it gives the Lease up and ends', async () => {
		const record = createRecord();
		record.delayMs = 50;
		const first = candidate(record, 'first');
		await sleep(20);
		await first.stop();
		expect(first.state.leads).to.equal(0);
		expect(holderOf(record) ?? '').to.equal('');
	});

	it('work that fails ends the term, and is tried again', async () => {
		const record = createRecord();
		let terms = 0;
		const first = candidate(record, 'first', {
			lead: async () => {
				terms += 1;
				throw new Error('no');
			},
		});
		await until(() => terms >= 2);
		expect(first.troubles).to.include('term failed');
		await first.stop();
	});

	it('by default a leader that cannot renew ends 5 s before others may take over, and has tried several times', async () => {
		// Told by what it writes and when it looks: nobody else sees the numbers.
		const record = createRecord();
		const looks: number[] = [];
		const { get } = record.connection;
		const connection = {
			...record.connection,
			get: (path: string, signal?: AbortSignal) => {
				looks.push(performance.now());
				return get(path, signal);
			},
		};
		const first = candidate(record, 'first', { connection, timing: {} });
		await until(() => first.state.isLeading);
		expect(specOf(record)['leaseDurationSeconds']).to.equal(15);
		first.state.term?.assertLeading();
		await later(9_900, async () => first.state.term?.assertLeading());
		await later(10_100, async () => expect(() => first.state.term?.assertLeading()).to.throw('not leading any more'));
		await until(() => looks.length === 2);
		expect((looks[1] ?? 0) - (looks[0] ?? 0)).to.be.within(1_900, 3_000);
		await first.stop();
	});

	it('the next term begins only when the work of the one before has ended', async () => {
		const record = createRecord();
		const steps: string[] = [];
		const first = candidate(record, 'first', {
			lead: async ({ signal }) => {
				steps.push('begins');
				await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
				// Longer than the Lease and the look after it.
				await sleep(2 * TIMING.leaseMs);
				steps.push('ends');
			},
		});
		await until(() => steps.length === 1);
		record.isBroken = true;
		await until(() => first.troubles.length > 0);
		await sleep(TIMING.leaseMs);
		record.isBroken = false;
		await until(() => steps.length === 3);
		expect(steps).to.deep.equal(['begins', 'ends', 'begins']);
		await first.stop();
		expect(steps).to.deep.equal(['begins', 'ends', 'begins', 'ends']);
	});
});
